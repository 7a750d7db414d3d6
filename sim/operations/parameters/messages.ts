/** Event texts of parameter groups (AmazonRDS/latest/UserGuide/USER_Events.Messages.html). */
import type { Told } from '../told.js';

const categories = ['configuration change'];

export const updated = (name: string, value: string, method: string): Told => ({
  source: 'instance',
  message: `Updated parameter ${name} to ${value} with apply method ${method}.`,
  eventId: 'RDS-EVENT-0037',
  categories,
});

export const finishedUpdating: Told = {
  source: 'instance',
  message: 'Finished updating DB parameter group.',
  eventId: 'RDS-EVENT-0092',
  categories,
};

export const usesGroup = (name: string): Told => ({
  source: 'instance',
  message: `Updated to use DBParameterGroup ${name}.`,
  eventId: 'RDS-EVENT-0011',
  categories,
});
