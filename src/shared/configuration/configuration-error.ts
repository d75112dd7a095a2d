/** A file of configuration that is not accepted: "Cannot load FILE:LINE: why". */
export class ConfigurationError extends Error {
  constructor(file: string, line: number | null, why: string) {
    super(`Cannot load ${file}${line === null ? '' : `:${line}`}: ${why}`);
    this.name = 'ConfigurationError';
  }
}
