/** Which file imports which, over the whole house; pure, from what code.ts reads. */
import { dirname, join, normalize } from 'node:path';
import type { Code } from './code.ts';

/** What is imported, by importing file or folder. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** A relative import as a path from the root; a package by its name. */
export function targetOf(file: string, what: string): string {
  return what.startsWith('.') ? normalize(join(dirname(file), what)) : what;
}

/** Imports of types count as well: who needs the other's shape cannot be read without it. */
export function fileGraph(codes: ReadonlyMap<string, Code>): Graph {
  return graphOf(codes, (file) => file);
}

/**
 * Folders as files are imported across them. What is inside one folder does not count, nor what a
 * folder imports from the folders in it: they are its parts.
 */
export function folderGraph(codes: ReadonlyMap<string, Code>): Graph {
  const graph = graphOf(codes, dirname);
  const outside = (from: string, to: string) => !to.startsWith(`${from}/`);
  return new Map([...graph].map(([a, all]) => [a, new Set([...all].filter((b) => outside(a, b)))]));
}

function graphOf(codes: ReadonlyMap<string, Code>, node: (file: string) => string): Graph {
  const graph = new Map<string, Set<string>>();
  for (const [file, { imports }] of codes) {
    const from = node(file);
    const known = graph.get(from) ?? new Set<string>();
    graph.set(from, known);
    for (const { what } of imports) {
      if (!what.startsWith('.')) continue;
      const to = node(targetOf(file, what));
      if (to !== from) known.add(to);
    }
  }
  return graph;
}

/** Groups of nodes that can all reach each other (Tarjan), each sorted; empty without cycles. */
export function cyclesIn(graph: Graph): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node) ?? 0);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) ?? 0, low.get(next) ?? 0));
    }
    if (low.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) found.push(group.sort());
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}
