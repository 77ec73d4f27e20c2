-- +goose Up
-- drop index "inboxentry_applied_at" from table: "inbox_entries"
DROP INDEX "inboxentry_applied_at";
-- drop index "outboxevent_event_id" from table: "outbox_events"
DROP INDEX "outboxevent_event_id";

-- +goose Down
-- reverse: drop index "outboxevent_event_id" from table: "outbox_events"
CREATE INDEX "outboxevent_event_id" ON "outbox_events" ("event_id");
-- reverse: drop index "inboxentry_applied_at" from table: "inbox_entries"
CREATE INDEX "inboxentry_applied_at" ON "inbox_entries" ("applied_at");
