import type { Receipt } from '../model/receipt.ts'

/** What was checked and how it ended; a check that fails is a fault instead. */
export type VerificationStep = Receipt['verification'][number]
