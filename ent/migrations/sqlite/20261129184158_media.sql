-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- add column "media" to table: "posts"
ALTER TABLE `posts` ADD COLUMN `media` json NULL;
-- add column "media" to table: "post_versions"
ALTER TABLE `post_versions` ADD COLUMN `media` json NULL;
-- create "new_profiles" table
CREATE TABLE `new_profiles` (`id` integer NOT NULL, `display_name` text NOT NULL DEFAULT (''), `bio` text NOT NULL DEFAULT (''), `location` text NOT NULL DEFAULT (''), `private` bool NOT NULL DEFAULT (false), `links` json NULL, `language` text NOT NULL DEFAULT (''), `avatar_id` integer NOT NULL DEFAULT (0), `header_id` integer NOT NULL DEFAULT (0), `version` integer NOT NULL DEFAULT (1), PRIMARY KEY (`id`));
-- copy rows from old table "profiles" to new temporary table "new_profiles"
INSERT INTO `new_profiles` (`id`, `display_name`, `bio`, `location`, `private`, `links`, `language`, `version`) SELECT `id`, `display_name`, `bio`, `location`, `private`, `links`, `language`, `version` FROM `profiles`;
-- drop "profiles" table after copying rows
DROP TABLE `profiles`;
-- rename temporary table "new_profiles" to "profiles"
ALTER TABLE `new_profiles` RENAME TO `profiles`;
-- create index "profiles_avatars" to table: "profiles"
CREATE INDEX `profiles_avatars` ON `profiles` (`avatar_id`) WHERE avatar_id <> 0;
-- create index "profiles_headers" to table: "profiles"
CREATE INDEX `profiles_headers` ON `profiles` (`header_id`) WHERE header_id <> 0;
-- add column "media" to table: "messages"
ALTER TABLE `messages` ADD COLUMN `media` json NULL;
-- create "media" table
CREATE TABLE `media` (`id` integer NOT NULL, `owner_id` integer NOT NULL, `state` integer NOT NULL, `content_type` text NOT NULL, `size_bytes` integer NOT NULL, `alt_text` text NOT NULL DEFAULT (''), `width` integer NOT NULL DEFAULT (0), `height` integer NOT NULL DEFAULT (0), `blurhash` text NOT NULL DEFAULT (''), `animated` bool NOT NULL DEFAULT (false), `going_at` datetime NULL, `variants` json NULL, PRIMARY KEY (`id`));
-- create index "media_owner_id_id" to table: "media"
CREATE INDEX `media_owner_id_id` ON `media` (`owner_id`, `id`);
-- create index "media_state_id" to table: "media"
CREATE INDEX `media_state_id` ON `media` (`state`, `id`);
-- create "media_keys" table
CREATE TABLE `media_keys` (`id` integer NOT NULL, `secret` text NOT NULL, PRIMARY KEY (`id`));
-- create "media_usages" table
CREATE TABLE `media_usages` (`id` integer NOT NULL, `bytes` integer NOT NULL, PRIMARY KEY (`id`));
-- create "message_media" table
CREATE TABLE `message_media` (`id` integer NOT NULL, `message_id` integer NOT NULL, `media_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "messagemedia_message_id_media_id" to table: "message_media"
CREATE UNIQUE INDEX `messagemedia_message_id_media_id` ON `message_media` (`message_id`, `media_id`);
-- create index "messagemedia_media_id" to table: "message_media"
CREATE INDEX `messagemedia_media_id` ON `message_media` (`media_id`);
-- create "post_media" table
CREATE TABLE `post_media` (`id` integer NOT NULL, `post_id` integer NOT NULL, `media_id` integer NOT NULL, `shown` bool NOT NULL, PRIMARY KEY (`id`));
-- create index "postmedia_post_id_media_id" to table: "post_media"
CREATE UNIQUE INDEX `postmedia_post_id_media_id` ON `post_media` (`post_id`, `media_id`);
-- create index "postmedia_media_id" to table: "post_media"
CREATE INDEX `postmedia_media_id` ON `post_media` (`media_id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
-- reverse: create index "postmedia_media_id" to table: "post_media"
DROP INDEX `postmedia_media_id`;
-- reverse: create index "postmedia_post_id_media_id" to table: "post_media"
DROP INDEX `postmedia_post_id_media_id`;
-- reverse: create "post_media" table
DROP TABLE `post_media`;
-- reverse: create index "messagemedia_media_id" to table: "message_media"
DROP INDEX `messagemedia_media_id`;
-- reverse: create index "messagemedia_message_id_media_id" to table: "message_media"
DROP INDEX `messagemedia_message_id_media_id`;
-- reverse: create "message_media" table
DROP TABLE `message_media`;
-- reverse: create "media_usages" table
DROP TABLE `media_usages`;
-- reverse: create "media_keys" table
DROP TABLE `media_keys`;
-- reverse: create index "media_state_id" to table: "media"
DROP INDEX `media_state_id`;
-- reverse: create index "media_owner_id_id" to table: "media"
DROP INDEX `media_owner_id_id`;
-- reverse: create "media" table
DROP TABLE `media`;
-- reverse: add column "media" to table: "messages"
ALTER TABLE `messages` DROP COLUMN `media`;
-- reverse: create index "profiles_headers" to table: "profiles"
DROP INDEX `profiles_headers`;
-- reverse: create index "profiles_avatars" to table: "profiles"
DROP INDEX `profiles_avatars`;
-- reverse: create "new_profiles" table
DROP TABLE `new_profiles`;
-- reverse: add column "media" to table: "post_versions"
ALTER TABLE `post_versions` DROP COLUMN `media`;
-- reverse: add column "media" to table: "posts"
ALTER TABLE `posts` DROP COLUMN `media`;
