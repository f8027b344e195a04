/** The contract on iptables, nft flavour. */
import { describeIptablesRules } from './iptables-contract.ts';

describeIptablesRules('nft');
