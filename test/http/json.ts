/** What a server answered: a test looks into it and says what it expects. */
export type Json = ReturnType<typeof JSON.parse>;
