"""Alerts: what is broken now, one digest for each refresh, and its delivery to people.

    detect       finds what is broken now: alerts
    ledger       compares them with the open alerts: new, changed, still open, resolved
    digest       one message with these alerts and with what changed in the figures (change_notes)
    outbox       keeps digests and delivers them to every channel, again until it succeeds
    notify       runs these steps, after each run and at fixed times

Belongs here: making alerts of receipts, verdicts, results, releases and runs, and delivering them. Does not belong
here: judging figures (`quality`), Dagster's sensors (`orchestration.automation`).
"""
