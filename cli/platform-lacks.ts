/** What kinds of machines lack, for `doctor`: told of all, so that a team can plan. Pure. */

/** A kind of machine and what it lacks. */
export interface PlatformLack {
  readonly platform: 'macOS' | 'arm64' | 'musl';
  /** Whether this machine is of that kind. */
  readonly here: boolean;
  readonly lacks: readonly string[];
}

/** Facts about this machine, in Node's words. */
export interface MachineKind {
  readonly os: string;
  readonly cpu: string;
  /** Linux without glibc, such as Alpine. */
  readonly musl: boolean;
}

export function platformLacks({ os, cpu, musl }: MachineKind): PlatformLack[] {
  return [
    {
      platform: 'macOS',
      here: os === 'darwin',
      lacks: [
        'no packages of MySQL or MariaDB: install them (Homebrew has both) or use Docker',
        'Docker runs in a virtual machine: containers are reached by published ports alone',
      ],
    },
    {
      platform: 'arm64',
      here: cpu === 'arm64',
      lacks: ['some older images are for amd64 alone: name others with --image, or emulate them'],
    },
    {
      platform: 'musl',
      here: musl,
      lacks: [
        'no packages of PostgreSQL: they need glibc; use Docker or an image with glibc',
        'MySQL and MariaDB run as child processes where the system has them',
      ],
    },
  ];
}
