/**
 * Which flavour of iptables this host uses, so that our rules stand where its administrator and kubelet look for them. kubelet leaves chains in
 * table mangle that say it (KUBE-IPTABLES-HINT since 1.24, KUBE-KUBELET-CANARY since 1.17); without them the flavour with more rules has it,
 * and nft on an empty host. Legacy tables that the host does not have are not looked at, since looking would make them.
 */
import { HostError } from '../host-error.ts';
import type { RunTool } from '../run-tool.ts';
import { FAMILIES } from './family.ts';
import { Iptables } from './iptables-tool.ts';
import type { Flavour, Table } from './iptables-tool.ts';
import type { NamespaceFiles } from './namespace-files.ts';

export interface FoundIptables {
  /** The one to put rules with. */
  readonly chosen: Iptables;
  /** All whose programs are here, the chosen one first. */
  readonly all: readonly Iptables[];
  /** Why another flavour, which has tables here, could not be looked at. */
  readonly denied: HostError | undefined;
}

const FLAVOURS: readonly Flavour[] = ['nft', 'legacy'];
const COUNTED: readonly Table[] = ['raw', 'mangle', 'filter'];
const KUBELET_CHAINS: readonly string[] = ['KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY'];

/** @returns undefined when there is no iptables. @throws HostError when none can be looked at */
export async function findIptables(run: RunTool, files: NamespaceFiles): Promise<FoundIptables | undefined> {
  const present = await presentFlavours(run, files);
  const usable: { iptables: Iptables; rules: number; hinted: boolean }[] = [];
  const errors: unknown[] = [];
  for (const iptables of present) {
    try {
      usable.push({ iptables, ...(await usage(iptables)) });
    } catch (error) {
      errors.push(error);
    }
  }
  const denied = errors.find(isPermission);
  if (usable.length === 0 && errors.length > 0) throw denied ?? errors[0];
  // A stable sort: where both are alike, nft stays first.
  usable.sort((a, b) => Number(b.hinted) - Number(a.hinted) || b.rules - a.rules);
  const all = usable.map(({ iptables }) => iptables);
  const [chosen] = all;
  return chosen === undefined ? undefined : { chosen, all, denied };
}

async function presentFlavours(run: RunTool, files: NamespaceFiles): Promise<Iptables[]> {
  const found: Iptables[] = [];
  for (const flavour of FLAVOURS) {
    if ((await versionOf(run, `iptables-${flavour}`)) !== undefined) {
      found.push(new Iptables(flavour, `-${flavour}`, run, files));
    }
  }
  if (found.length > 0) return found;
  const version = await versionOf(run, 'iptables');
  if (version === undefined) return [];
  return [new Iptables(version.includes('nf_tables') ? 'nft' : 'legacy', '', run, files)];
}

/** Programs before 1.8 do not say their flavour: there was one. */
async function versionOf(run: RunTool, command: string): Promise<string | undefined> {
  try {
    const { code, stdout } = await run('rules', { command, args: ['--version'] });
    return code === 0 ? stdout : undefined;
  } catch (error) {
    if (error instanceof HostError && error.code === 'tool') return undefined;
    throw error;
  }
}

async function usage(iptables: Iptables): Promise<{ rules: number; hinted: boolean }> {
  let rules = 0;
  let hinted = false;
  for (const family of FAMILIES) {
    for (const table of COUNTED) {
      if (!(await iptables.hasTable(family, table))) continue;
      try {
        const saved = await iptables.save(family, table);
        rules += saved.rules.length;
        hinted ||= table === 'mangle' && KUBELET_CHAINS.some((chain) => saved.policies.has(chain));
      } catch (error) {
        // A host without IPv6 is one that IPv4 alone can speak for.
        if (family === 4 || isPermission(error)) throw error;
      }
    }
  }
  return { rules, hinted };
}

const isPermission = (error: unknown): error is HostError =>
  error instanceof HostError && error.code === 'permission';
