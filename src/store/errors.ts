/** The database cannot answer now. Nothing was acknowledged. */
export class StoreUnavailable extends Error {
  readonly code = 'STORE_UNAVAILABLE';
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}

/** The start is refused: wrong schema version, another serving process, missing migration. The message says what to do. */
export class StoreRefused extends Error {
  readonly code = 'STORE_REFUSED';
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreRefused';
  }
}
