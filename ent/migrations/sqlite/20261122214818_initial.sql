-- +goose Up
-- create "accounts" table
CREATE TABLE `accounts` (`id` integer NOT NULL, `handle` text NOT NULL, `handle_key` text NOT NULL, PRIMARY KEY (`id`));
-- create index "accounts_handle_key_key" to table: "accounts"
CREATE UNIQUE INDEX `accounts_handle_key_key` ON `accounts` (`handle_key`);
-- create "broker_streams" table
CREATE TABLE `broker_streams` (`id` text NOT NULL, `incarnation` text NOT NULL, PRIMARY KEY (`id`));
-- create "credentials" table
CREATE TABLE `credentials` (`id` integer NOT NULL, `email` text NOT NULL, `email_key` text NOT NULL, `password_hash` text NOT NULL, PRIMARY KEY (`id`));
-- create index "credentials_email_key_key" to table: "credentials"
CREATE UNIQUE INDEX `credentials_email_key_key` ON `credentials` (`email_key`);
-- create "dead_letters" table
CREATE TABLE `dead_letters` (`id` integer NOT NULL, `consumer` text NOT NULL, `event_id` integer NOT NULL, `type` text NOT NULL, `aggregate_id` integer NOT NULL, `payload` blob NOT NULL, `error` text NOT NULL, `attempts` integer NOT NULL, `replayed_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "deadletter_event_id_consumer" to table: "dead_letters"
CREATE UNIQUE INDEX `deadletter_event_id_consumer` ON `dead_letters` (`event_id`, `consumer`);
-- create "follows" table
CREATE TABLE `follows` (`id` integer NOT NULL, `follower_id` integer NOT NULL, `followee_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "follow_follower_id_followee_id" to table: "follows"
CREATE UNIQUE INDEX `follow_follower_id_followee_id` ON `follows` (`follower_id`, `followee_id`);
-- create index "follow_follower_id_id" to table: "follows"
CREATE INDEX `follow_follower_id_id` ON `follows` (`follower_id`, `id`);
-- create index "follow_followee_id_id" to table: "follows"
CREATE INDEX `follow_followee_id_id` ON `follows` (`followee_id`, `id`);
-- create "idempotency_records" table
CREATE TABLE `idempotency_records` (`id` integer NOT NULL, `key_hash` blob NOT NULL, `request_mac` blob NOT NULL, `sealed_response` blob NOT NULL, PRIMARY KEY (`id`));
-- create index "idempotency_records_key_hash_key" to table: "idempotency_records"
CREATE UNIQUE INDEX `idempotency_records_key_hash_key` ON `idempotency_records` (`key_hash`);
-- create "inbox_entries" table
CREATE TABLE `inbox_entries` (`id` integer NOT NULL, `consumer` text NOT NULL, `event_id` integer NOT NULL, `applied_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "inboxentry_event_id_consumer" to table: "inbox_entries"
CREATE UNIQUE INDEX `inboxentry_event_id_consumer` ON `inbox_entries` (`event_id`, `consumer`);
-- create index "inboxentry_applied_at" to table: "inbox_entries"
CREATE INDEX `inboxentry_applied_at` ON `inbox_entries` (`applied_at`);
-- create "likes" table
CREATE TABLE `likes` (`id` integer NOT NULL, `user_id` integer NOT NULL, `post_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "like_user_id_post_id" to table: "likes"
CREATE UNIQUE INDEX `like_user_id_post_id` ON `likes` (`user_id`, `post_id`);
-- create index "like_post_id_id" to table: "likes"
CREATE INDEX `like_post_id_id` ON `likes` (`post_id`, `id`);
-- create "merged_authors" table
CREATE TABLE `merged_authors` (`id` integer NOT NULL, PRIMARY KEY (`id`));
-- create "outbox_events" table
CREATE TABLE `outbox_events` (`id` integer NOT NULL, `event_id` integer NOT NULL, `type` text NOT NULL, `aggregate_id` integer NOT NULL, `payload` blob NOT NULL, `trace_parent` text NOT NULL DEFAULT (''), `consumer` text NOT NULL DEFAULT (''), `published_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "outbox_events_pending" to table: "outbox_events"
CREATE INDEX `outbox_events_pending` ON `outbox_events` (`id`) WHERE published_at IS NULL;
-- create index "outboxevent_event_id" to table: "outbox_events"
CREATE INDEX `outboxevent_event_id` ON `outbox_events` (`event_id`);
-- create "posts" table
CREATE TABLE `posts` (`id` integer NOT NULL, `author_id` integer NOT NULL, `text` text NOT NULL, `reply_to_id` integer NOT NULL DEFAULT (0), `thread_id` integer NOT NULL, `deleted` bool NOT NULL DEFAULT (false), PRIMARY KEY (`id`));
-- create index "post_author_id_id" to table: "posts"
CREATE INDEX `post_author_id_id` ON `posts` (`author_id`, `id`);
-- create index "post_reply_to_id_id" to table: "posts"
CREATE INDEX `post_reply_to_id_id` ON `posts` (`reply_to_id`, `id`);
-- create "post_counts" table
CREATE TABLE `post_counts` (`id` integer NOT NULL, `likes` integer NOT NULL DEFAULT (0), `replies` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- create "profiles" table
CREATE TABLE `profiles` (`id` integer NOT NULL, `display_name` text NOT NULL DEFAULT (''), `bio` text NOT NULL DEFAULT (''), `location` text NOT NULL DEFAULT (''), `version` integer NOT NULL DEFAULT (1), PRIMARY KEY (`id`));
-- create "refresh_tokens" table
CREATE TABLE `refresh_tokens` (`id` integer NOT NULL, `session_id` integer NOT NULL, `hash` blob NOT NULL, `used_at` datetime NULL, `sealed_successor` blob NULL, PRIMARY KEY (`id`));
-- create index "refresh_tokens_hash_key" to table: "refresh_tokens"
CREATE UNIQUE INDEX `refresh_tokens_hash_key` ON `refresh_tokens` (`hash`);
-- create index "refreshtoken_session_id" to table: "refresh_tokens"
CREATE INDEX `refreshtoken_session_id` ON `refresh_tokens` (`session_id`);
-- create "sessions" table
CREATE TABLE `sessions` (`id` integer NOT NULL, `user_id` integer NOT NULL, `device_name` text NOT NULL DEFAULT (''), `refreshed_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `ends_at` datetime NOT NULL, `revoked_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "session_user_id_id" to table: "sessions"
CREATE INDEX `session_user_id_id` ON `sessions` (`user_id`, `id`);
-- create index "session_ends_at" to table: "sessions"
CREATE INDEX `session_ends_at` ON `sessions` (`ends_at`);
-- create "signing_keys" table
CREATE TABLE `signing_keys` (`id` integer NOT NULL, `public_key` blob NOT NULL, `active` bool NOT NULL DEFAULT (false), PRIMARY KEY (`id`));
-- create "signing_secrets" table
CREATE TABLE `signing_secrets` (`id` integer NOT NULL, `seed` blob NOT NULL, PRIMARY KEY (`id`));
-- create "user_counts" table
CREATE TABLE `user_counts` (`id` integer NOT NULL, `posts` integer NOT NULL DEFAULT (0), `followers` integer NOT NULL DEFAULT (0), `following` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));

-- +goose Down
-- reverse: create "user_counts" table
DROP TABLE `user_counts`;
-- reverse: create "signing_secrets" table
DROP TABLE `signing_secrets`;
-- reverse: create "signing_keys" table
DROP TABLE `signing_keys`;
-- reverse: create index "session_ends_at" to table: "sessions"
DROP INDEX `session_ends_at`;
-- reverse: create index "session_user_id_id" to table: "sessions"
DROP INDEX `session_user_id_id`;
-- reverse: create "sessions" table
DROP TABLE `sessions`;
-- reverse: create index "refreshtoken_session_id" to table: "refresh_tokens"
DROP INDEX `refreshtoken_session_id`;
-- reverse: create index "refresh_tokens_hash_key" to table: "refresh_tokens"
DROP INDEX `refresh_tokens_hash_key`;
-- reverse: create "refresh_tokens" table
DROP TABLE `refresh_tokens`;
-- reverse: create "profiles" table
DROP TABLE `profiles`;
-- reverse: create "post_counts" table
DROP TABLE `post_counts`;
-- reverse: create index "post_reply_to_id_id" to table: "posts"
DROP INDEX `post_reply_to_id_id`;
-- reverse: create index "post_author_id_id" to table: "posts"
DROP INDEX `post_author_id_id`;
-- reverse: create "posts" table
DROP TABLE `posts`;
-- reverse: create index "outboxevent_event_id" to table: "outbox_events"
DROP INDEX `outboxevent_event_id`;
-- reverse: create index "outbox_events_pending" to table: "outbox_events"
DROP INDEX `outbox_events_pending`;
-- reverse: create "outbox_events" table
DROP TABLE `outbox_events`;
-- reverse: create "merged_authors" table
DROP TABLE `merged_authors`;
-- reverse: create index "like_post_id_id" to table: "likes"
DROP INDEX `like_post_id_id`;
-- reverse: create index "like_user_id_post_id" to table: "likes"
DROP INDEX `like_user_id_post_id`;
-- reverse: create "likes" table
DROP TABLE `likes`;
-- reverse: create index "inboxentry_applied_at" to table: "inbox_entries"
DROP INDEX `inboxentry_applied_at`;
-- reverse: create index "inboxentry_event_id_consumer" to table: "inbox_entries"
DROP INDEX `inboxentry_event_id_consumer`;
-- reverse: create "inbox_entries" table
DROP TABLE `inbox_entries`;
-- reverse: create index "idempotency_records_key_hash_key" to table: "idempotency_records"
DROP INDEX `idempotency_records_key_hash_key`;
-- reverse: create "idempotency_records" table
DROP TABLE `idempotency_records`;
-- reverse: create index "follow_followee_id_id" to table: "follows"
DROP INDEX `follow_followee_id_id`;
-- reverse: create index "follow_follower_id_id" to table: "follows"
DROP INDEX `follow_follower_id_id`;
-- reverse: create index "follow_follower_id_followee_id" to table: "follows"
DROP INDEX `follow_follower_id_followee_id`;
-- reverse: create "follows" table
DROP TABLE `follows`;
-- reverse: create index "deadletter_event_id_consumer" to table: "dead_letters"
DROP INDEX `deadletter_event_id_consumer`;
-- reverse: create "dead_letters" table
DROP TABLE `dead_letters`;
-- reverse: create index "credentials_email_key_key" to table: "credentials"
DROP INDEX `credentials_email_key_key`;
-- reverse: create "credentials" table
DROP TABLE `credentials`;
-- reverse: create "broker_streams" table
DROP TABLE `broker_streams`;
-- reverse: create index "accounts_handle_key_key" to table: "accounts"
DROP INDEX `accounts_handle_key_key`;
-- reverse: create "accounts" table
DROP TABLE `accounts`;
