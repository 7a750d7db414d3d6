/** What an error of a clock does to the bounds of an outage. Pure. */
import type { Attempt, Edge, Outage } from './outages.js';

/**
 * The outage as seen by a clock that may be off by `errorNs` at any instant, not by the same at
 * all: each of its edges can have been that much earlier or later. The estimate stays.
 */
export function widened<A extends Attempt>(outage: Outage<A>, errorNs: number): Outage<A> {
  return {
    ...outage,
    begin: widerEdge(outage.begin, errorNs),
    end: widerEdge(outage.end, errorNs),
    lowerNs: Math.max(0, outage.lowerNs - 2 * errorNs),
    upperNs: outage.upperNs === null ? null : outage.upperNs + 2 * errorNs,
  };
}

function widerEdge(edge: Edge, errorNs: number): Edge {
  return {
    ...edge,
    earliestNs: edge.earliestNs === null ? null : edge.earliestNs - errorNs,
    latestNs: edge.latestNs === null ? null : edge.latestNs + errorNs,
  };
}
