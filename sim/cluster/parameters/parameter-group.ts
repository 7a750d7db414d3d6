/**
 * Parameter groups and what of them is in force on an instance (AmazonRDS/latest/UserGuide/
 * USER_WorkingWithParamGroups.html): a dynamic value applies without a reboot, a static one and all
 * values of a newly associated group only after one. A value that a group does not have is the
 * server's default.
 */
import type { Instance } from '../instance.js';

export class ParameterGroup {
  readonly name: string;
  readonly values = new Map<string, string>();

  constructor(name: string, values: Readonly<Record<string, string>> = {}) {
    this.name = name;
    for (const [key, value] of Object.entries(values)) this.values.set(key, value);
  }
}

/** The statuses of `ParameterApplyStatus` that occur here. */
export type ApplyStatus = 'in-sync' | 'applying' | 'pending-reboot' | 'failed-to-apply';

/** The parameters of one instance: its group, and what of it waits for a reboot. */
export class InstanceParameters {
  #group: ParameterGroup;
  #status: ApplyStatus = 'in-sync';
  readonly #pending = new Map<string, string>();
  readonly #tell: (status: ApplyStatus) => void;

  /** @param tell told of every change of the status */
  constructor(group: ParameterGroup, tell: (status: ApplyStatus) => void) {
    this.#group = group;
    this.#tell = tell;
  }

  get group(): ParameterGroup {
    return this.#group;
  }

  get status(): ApplyStatus {
    return this.#status;
  }

  set status(status: ApplyStatus) {
    this.#status = status;
    this.#tell(status);
  }

  /** Names of what waits for a reboot. */
  get pending(): readonly string[] {
    return [...this.#pending.keys()];
  }

  /** It was made with that group: its values are in force, as far as they are dynamic. */
  async begin(group: ParameterGroup, { member }: Instance): Promise<void> {
    this.#group = group;
    for (const [name, value] of group.values) {
      if ((await member.parameters.kind(name)) === 'dynamic')
        await member.parameters.set(name, value);
    }
  }

  /** From the next reboot on its values are those of that group. */
  associate(group: ParameterGroup): void {
    this.#group = group;
    this.#pending.clear();
    for (const [name, value] of group.values) this.#pending.set(name, value);
    this.status = 'pending-reboot';
  }

  /** Keeps a value for the next reboot. */
  hold(name: string, value: string): void {
    this.#pending.set(name, value);
  }

  /** Stores what waits, where the server keeps its parameters itself. */
  async store({ member }: Instance): Promise<void> {
    for (const [name, value] of this.#pending) await member.parameters.store(name, value);
  }

  /** What its server is to be started with. */
  atStart({ member }: Instance): Readonly<Record<string, string>> {
    if (member.parameters.isStored) return {};
    return Object.fromEntries([...this.#group.values, ...this.#pending]);
  }

  /** It has been rebooted. */
  rebooted(): void {
    if (this.#pending.size === 0 && this.#status === 'in-sync') return;
    this.#pending.clear();
    this.status = 'in-sync';
  }
}
