/** The six loads by index, and the limits by default. Constants only. */
import type { Limits, ResourceName } from '../../contracts/rebalance.ts';

export const resources: ResourceName[] = [
  'disk',
  'networkIn',
  'networkOut',
  'cpu',
  'leaders',
  'replicas',
];
export const disk = 0;
export const netIn = 1;
export const netOut = 2;
export const cpu = 3;
export const leaders = 4;
export const replicas = 5;
export const kinds = 6;

export const defaultLimits: Limits = {
  diskShare: 0.8,
  networkInShare: 0.8,
  networkOutShare: 0.8,
  cpuShare: 0.7,
  leaders: Number.POSITIVE_INFINITY,
  replicas: 10_000,
};
