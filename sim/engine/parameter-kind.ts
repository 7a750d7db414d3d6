/** Whether a server parameter can change without a restart; `unknown`: nobody can set it. */
export type ParameterKind = 'dynamic' | 'static' | 'unknown';
