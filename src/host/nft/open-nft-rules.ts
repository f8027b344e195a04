/**
 * Finds out whether this host can have the rules in nftables, and in which form: asks the kernel with `nft -c`, which goes all the way but for
 * the last step. Puts nothing. The whole is asked for first; only where that is refused each part by itself.
 */
import { HostError } from '../host-error.ts';
import type { InterceptionPlan, Rules } from '../rules.ts';
import type { RunTool } from '../run-tool.ts';
import { FEATURES, FEATURE_NAMES, FULL_FORM, type FeatureName, type NftForm } from './form.ts';
import { droppingChains } from './dropping-chains.ts';
import { NftRules } from './nft-rules.ts';
import { installScript, rulesetOf, trialScript } from './nft-script.ts';
import { Nft } from './nft.ts';

/**
 * @throws HostError `tool` without nft; `permission` without NET_ADMIN; `unsupported` where the kernel has no nftables, or too little of it for
 * a lease
 */
export async function openNftRules(plan: InterceptionPlan, run: RunTool): Promise<Rules> {
  const nft = new Nft(run);
  const form = await formOf(nft, plan);
  const weaknesses = FEATURE_NAMES.filter((name) => !form[name]).map((name) => FEATURES[name].weakness);
  return new NftRules(nft, plan, rulesetOf(plan, form), [...weaknesses, ...(await droppingChains(nft))]);
}

async function formOf(nft: Nft, plan: InterceptionPlan): Promise<NftForm> {
  const refusalOf = (form: NftForm): Promise<string | undefined> =>
    nft.check(installScript(rulesetOf(plan, form), plan.addresses));
  if ((await refusalOf(FULL_FORM)) === undefined) return FULL_FORM;
  const weaker = await availableForm(nft);
  const refusal = await refusalOf(weaker);
  if (refusal === undefined) return weaker;
  throw new HostError(
    'rules',
    'unsupported',
    `the kernel or nft cannot have our rules, not in their weakest form either (${refusal})`,
  );
}

async function availableForm(nft: Nft): Promise<NftForm> {
  const form: Record<FeatureName, boolean> = { ...FULL_FORM };
  for (const name of FEATURE_NAMES) {
    const { hook, rule } = FEATURES[name];
    form[name] = (await nft.check(trialScript(hook, rule))) === undefined;
  }
  return form;
}
