-- +goose Up
-- create "calendar_feeds" table
CREATE TABLE `calendar_feeds` (`id` integer NOT NULL, `token_hash` blob NOT NULL, `made_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "calendar_feeds_token_hash_key" to table: "calendar_feeds"
CREATE UNIQUE INDEX `calendar_feeds_token_hash_key` ON `calendar_feeds` (`token_hash`);
-- create "events" table
CREATE TABLE `events` (`id` integer NOT NULL, `host_id` integer NOT NULL, `title` text NOT NULL, `description` text NOT NULL DEFAULT (''), `time_zone` text NOT NULL, `all_day` bool NOT NULL DEFAULT (false), `starts` text NOT NULL, `ends` text NOT NULL, `starts_at` datetime NOT NULL, `ends_at` datetime NOT NULL, `place_name` text NOT NULL DEFAULT (''), `place_address` text NOT NULL DEFAULT (''), `latitude` real NULL, `longitude` real NULL, `x` real NULL, `y` real NULL, `z` real NULL, `online_url` text NOT NULL DEFAULT (''), `folded` text NOT NULL DEFAULT (''), `folded_place` text NOT NULL DEFAULT (''), `capacity` integer NOT NULL DEFAULT (0), `visibility` integer NOT NULL, `cancelled` bool NOT NULL DEFAULT (false), `yes_count` integer NOT NULL DEFAULT (0), `maybe_count` integer NOT NULL DEFAULT (0), `waiting_count` integer NOT NULL DEFAULT (0), `kept_seats` integer NOT NULL DEFAULT (0), `last_place` integer NOT NULL DEFAULT (0), `changed_at` datetime NOT NULL, `version` integer NOT NULL DEFAULT (1), PRIMARY KEY (`id`));
-- create index "event_host_id_starts_at_id" to table: "events"
CREATE INDEX `event_host_id_starts_at_id` ON `events` (`host_id`, `starts_at`, `id`);
-- create index "event_starts_at_id" to table: "events"
CREATE INDEX `event_starts_at_id` ON `events` (`starts_at`, `id`);
-- create "event_answers" table
CREATE TABLE `event_answers` (`id` integer NOT NULL, `event_id` integer NOT NULL, `user_id` integer NOT NULL, `answer` integer NOT NULL, `place` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "eventanswer_event_id_user_id" to table: "event_answers"
CREATE UNIQUE INDEX `eventanswer_event_id_user_id` ON `event_answers` (`event_id`, `user_id`);
-- create index "eventanswer_event_id_answer_place" to table: "event_answers"
CREATE INDEX `eventanswer_event_id_answer_place` ON `event_answers` (`event_id`, `answer`, `place`);
-- create index "eventanswer_user_id_event_id" to table: "event_answers"
CREATE INDEX `eventanswer_user_id_event_id` ON `event_answers` (`user_id`, `event_id`);
-- create "event_co_hosts" table
CREATE TABLE `event_co_hosts` (`id` integer NOT NULL, `event_id` integer NOT NULL, `user_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "eventcohost_event_id_user_id" to table: "event_co_hosts"
CREATE UNIQUE INDEX `eventcohost_event_id_user_id` ON `event_co_hosts` (`event_id`, `user_id`);
-- create index "eventcohost_user_id_event_id" to table: "event_co_hosts"
CREATE INDEX `eventcohost_user_id_event_id` ON `event_co_hosts` (`user_id`, `event_id`);
-- create "event_invites" table
CREATE TABLE `event_invites` (`id` integer NOT NULL, `event_id` integer NOT NULL, `user_id` integer NOT NULL, `inviter_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "eventinvite_event_id_user_id" to table: "event_invites"
CREATE UNIQUE INDEX `eventinvite_event_id_user_id` ON `event_invites` (`event_id`, `user_id`);
-- create index "eventinvite_event_id_id" to table: "event_invites"
CREATE INDEX `eventinvite_event_id_id` ON `event_invites` (`event_id`, `id`);
-- create index "eventinvite_user_id_event_id" to table: "event_invites"
CREATE INDEX `eventinvite_user_id_event_id` ON `event_invites` (`user_id`, `event_id`);
-- create index "eventinvite_inviter_id" to table: "event_invites"
CREATE INDEX `eventinvite_inviter_id` ON `event_invites` (`inviter_id`);
-- create "event_reminders" table
CREATE TABLE `event_reminders` (`id` integer NOT NULL, `event_id` integer NOT NULL, `due_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "eventreminder_due_at_id" to table: "event_reminders"
CREATE INDEX `eventreminder_due_at_id` ON `event_reminders` (`due_at`, `id`);
-- create index "eventreminder_event_id" to table: "event_reminders"
CREATE INDEX `eventreminder_event_id` ON `event_reminders` (`event_id`);
-- create "search_events" table
CREATE TABLE `search_events` (`id` integer NOT NULL, `version` integer NOT NULL, `terms` text NOT NULL, PRIMARY KEY (`id`));

-- by hand: the full-text table of "search_events". Terms are made by Pulse; the tokenizer only has to divide them at blanks.
CREATE VIRTUAL TABLE `search_events_fts` USING fts5 (`terms`, content=`search_events`, content_rowid=`id`, tokenize="ascii tokenchars '#@:_-'", prefix='1 2 3');
-- +goose StatementBegin
CREATE TRIGGER `search_events_fts_insert` AFTER INSERT ON `search_events` BEGIN
  INSERT INTO `search_events_fts` (rowid, `terms`) VALUES (new.`id`, new.`terms`);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `search_events_fts_delete` AFTER DELETE ON `search_events` BEGIN
  INSERT INTO `search_events_fts` (`search_events_fts`, rowid, `terms`) VALUES ('delete', old.`id`, old.`terms`);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `search_events_fts_update` AFTER UPDATE OF `terms` ON `search_events` WHEN new.`terms` <> old.`terms` BEGIN
  INSERT INTO `search_events_fts` (`search_events_fts`, rowid, `terms`) VALUES ('delete', old.`id`, old.`terms`);
  INSERT INTO `search_events_fts` (rowid, `terms`) VALUES (new.`id`, new.`terms`);
END;
-- +goose StatementEnd

-- +goose Down
-- reverse: by hand: the full-text table; its triggers go with it
DROP TABLE `search_events_fts`;
-- reverse: create "search_events" table
DROP TABLE `search_events`;
-- reverse: create index "eventreminder_event_id" to table: "event_reminders"
DROP INDEX `eventreminder_event_id`;
-- reverse: create index "eventreminder_due_at_id" to table: "event_reminders"
DROP INDEX `eventreminder_due_at_id`;
-- reverse: create "event_reminders" table
DROP TABLE `event_reminders`;
-- reverse: create index "eventinvite_inviter_id" to table: "event_invites"
DROP INDEX `eventinvite_inviter_id`;
-- reverse: create index "eventinvite_user_id_event_id" to table: "event_invites"
DROP INDEX `eventinvite_user_id_event_id`;
-- reverse: create index "eventinvite_event_id_id" to table: "event_invites"
DROP INDEX `eventinvite_event_id_id`;
-- reverse: create index "eventinvite_event_id_user_id" to table: "event_invites"
DROP INDEX `eventinvite_event_id_user_id`;
-- reverse: create "event_invites" table
DROP TABLE `event_invites`;
-- reverse: create index "eventcohost_user_id_event_id" to table: "event_co_hosts"
DROP INDEX `eventcohost_user_id_event_id`;
-- reverse: create index "eventcohost_event_id_user_id" to table: "event_co_hosts"
DROP INDEX `eventcohost_event_id_user_id`;
-- reverse: create "event_co_hosts" table
DROP TABLE `event_co_hosts`;
-- reverse: create index "eventanswer_user_id_event_id" to table: "event_answers"
DROP INDEX `eventanswer_user_id_event_id`;
-- reverse: create index "eventanswer_event_id_answer_place" to table: "event_answers"
DROP INDEX `eventanswer_event_id_answer_place`;
-- reverse: create index "eventanswer_event_id_user_id" to table: "event_answers"
DROP INDEX `eventanswer_event_id_user_id`;
-- reverse: create "event_answers" table
DROP TABLE `event_answers`;
-- reverse: create index "event_starts_at_id" to table: "events"
DROP INDEX `event_starts_at_id`;
-- reverse: create index "event_host_id_starts_at_id" to table: "events"
DROP INDEX `event_host_id_starts_at_id`;
-- reverse: create "events" table
DROP TABLE `events`;
-- reverse: create index "calendar_feeds_token_hash_key" to table: "calendar_feeds"
DROP INDEX `calendar_feeds_token_hash_key`;
-- reverse: create "calendar_feeds" table
DROP TABLE `calendar_feeds`;
