"""What is broken now, and telling people of it once: problems, the ledger of what was told, digests, delivery.

Belongs here: turning what the house knows (receipts, verdicts, results, releases, runs) into problems, one digest a
refresh, and bringing it to the channels of the settings. Does not belong here: any judgement of figures (`quality`),
Dagster (`automation`).

    gather  -> what is broken now
    ledger  -> what of it is new, changed, told before or resolved
    digest  -> one message of it, with what changed in the figures (news)
    outbox  -> kept, and brought to every channel, for as long as that takes
"""
