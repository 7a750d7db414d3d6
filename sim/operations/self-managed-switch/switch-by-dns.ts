/** A change of DNS by the team itself: what is refused, and the switch that it starts. */

import { clusterNotFound, notAvailable, type Operation } from '../operation.js';
import type { SwitchByDnsParameters } from './parameters.js';
import { sidesOf } from './sides.js';
import { DnsSwitch } from './switch.js';

export const switchByDns: Operation<SwitchByDnsParameters> = {
  call: () => null,
  // Nobody of AWS's refuses it; a side that is busy or not there cannot be switched to.
  refuse: ({ clusters }, { cluster, to }) => {
    const [from, target] = [clusters.get(cluster), clusters.get(to)];
    if (from === undefined) return clusterNotFound(cluster);
    if (target === undefined) return clusterNotFound(to);
    return notAvailable(from) ?? notAvailable(target);
  },
  run: (world, parameters, signal) =>
    new DnsSwitch(world, sidesOf(world, parameters), parameters, signal).run(),
};
