/** The contract on iptables, legacy flavour. */
import { describeIptablesRules } from './iptables-contract.ts';

describeIptablesRules('legacy');
