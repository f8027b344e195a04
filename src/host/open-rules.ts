/**
 * Chooses the rule backend: what the user wants, or nftables where it works and iptables where not. Each backend is loaded when it is tried: the
 * one that is not used costs the guard no memory. Puts nothing on the host.
 */
import { HostError } from './host-error.ts';
import { NoRules } from './no-rules.ts';
import type { InterceptionPlan, Rules } from './rules.ts';
import type { RunTool } from './run-tool.ts';
import { SurroundedRules } from './surrounded-rules.ts';
import type { Acceptance } from './surrounded-rules.ts';

export const RULES_CHOICES = ['auto', 'nft', 'iptables', 'none'] as const;
export type RulesChoice = (typeof RULES_CHOICES)[number];

type Open = (plan: InterceptionPlan, run: RunTool) => Promise<Rules>;

/** @throws HostError why what was chosen cannot be had; with `auto`, why neither can */
export function openRules(choice: RulesChoice, plan: InterceptionPlan, run: RunTool): Promise<Rules> {
  const open: Record<RulesChoice, Open> = {
    auto: openEither,
    nft: openNft,
    iptables: openIptables,
    none: () => Promise.resolve(new NoRules()),
  };
  return open[choice](plan, run);
}

const openEither: Open = async (plan, run) => {
  const failures: HostError[] = [];
  for (const open of [openNft, openIptables]) {
    try {
      const rules = await open(plan, run);
      const [refusal] = failures;
      return refusal === undefined ? rules : withWeakness(rules, `nftables is not used: ${refusal.message}`);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      failures.push(error);
    }
  }
  throw neither(failures);
};

function neither(failures: readonly HostError[]): HostError {
  const [nft, iptables] = failures;
  const code = nft?.code === iptables?.code ? nft?.code : 'unsupported';
  return new HostError(
    'rules',
    code ?? 'unsupported',
    `neither backend of rules works here. nftables: ${nft?.message}. iptables: ${iptables?.message}`,
    { cause: nft },
  );
}

const openNft: Open = async (plan, run) => {
  const { openNftRules } = await import('./nft/open-nft-rules.ts');
  const rules = await openNftRules(plan, run);
  const { acceptance, weaknesses } = await openAcceptance(plan, run);
  const cleanFormer = async (): Promise<void> => {
    const { cleanFormerRules } = await import('./iptables/clean-former.ts');
    try {
      await cleanFormerRules(run);
    } catch (error) {
      // Told as a weakness. A cache that does not begin makes rules of a former one that nobody sees no better.
      if (!(error instanceof HostError) || error.code !== 'permission') throw error;
    }
  };
  return new SurroundedRules(rules, { cleanFormer, acceptance, weaknesses });
};

/** A host whose filters cannot be read is no reason to do without rules. */
async function openAcceptance(
  plan: InterceptionPlan,
  run: RunTool,
): Promise<{ acceptance: Acceptance | undefined; weaknesses: string[] }> {
  const { acceptRulesWith } = await import('./iptables/accept-rules.ts');
  const { findIptables } = await import('./iptables/find-iptables.ts');
  const { openNamespaceFiles } = await import('./iptables/namespace-files.ts');
  try {
    const files = await openNamespaceFiles(run);
    const found = await findIptables(run, files);
    const weaknesses = found?.denied === undefined ? [] : [unseen(found.denied)];
    return { acceptance: await acceptRulesWith(plan, found, files), weaknesses };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { acceptance: undefined, weaknesses: [unseen(error)] };
  }
}

const unseen = (error: HostError): string =>
  `not all of this host's iptables can be looked at; rules that a former cache left there stay, and what drops there drops: ${error.message}`;

const openIptables: Open = async (plan, run) => {
  const { openIptablesRules } = await import('./iptables/iptables-rules.ts');
  const rules = await openIptablesRules(plan, run);
  const { acceptance, weaknesses } = await openAcceptance(plan, run);
  const cleanFormer = async (): Promise<void> => {
    const { removeNftTable } = await import('./nft/remove-nft-table.ts');
    await removeNftTable(run);
  };
  return new SurroundedRules(rules, { cleanFormer, acceptance, weaknesses });
};

const withWeakness = (rules: Rules, weakness: string): Rules =>
  new SurroundedRules(rules, {
    cleanFormer: () => Promise.resolve(),
    acceptance: undefined,
    weaknesses: [weakness],
  });
