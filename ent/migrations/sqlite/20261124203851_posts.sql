-- +goose Up
-- add columns to table: "post_counts"
ALTER TABLE `post_counts` ADD COLUMN `reposts` integer NOT NULL DEFAULT 0;
ALTER TABLE `post_counts` ADD COLUMN `quotes` integer NOT NULL DEFAULT 0;
-- add columns to table: "posts"
ALTER TABLE `posts` ADD COLUMN `facets` blob NULL;
ALTER TABLE `posts` ADD COLUMN `has_poll` bool NOT NULL DEFAULT false;
-- create "bookmarks" table
CREATE TABLE `bookmarks` (`id` integer NOT NULL, `user_id` integer NOT NULL, `post_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "bookmark_user_id_post_id" to table: "bookmarks"
CREATE UNIQUE INDEX `bookmark_user_id_post_id` ON `bookmarks` (`user_id`, `post_id`);
-- create index "bookmark_user_id_id" to table: "bookmarks"
CREATE INDEX `bookmark_user_id_id` ON `bookmarks` (`user_id`, `id`);
-- create "drafts" table
CREATE TABLE `drafts` (`id` integer NOT NULL, `author_id` integer NOT NULL, `post` blob NOT NULL, `scheduled_at` datetime NULL, `failure` integer NOT NULL DEFAULT (0), `version` integer NOT NULL DEFAULT (1), PRIMARY KEY (`id`));
-- create index "draft_author_id_id" to table: "drafts"
CREATE INDEX `draft_author_id_id` ON `drafts` (`author_id`, `id`);
-- create index "drafts_scheduled" to table: "drafts"
CREATE INDEX `drafts_scheduled` ON `drafts` (`scheduled_at`) WHERE scheduled_at IS NOT NULL;
-- create "polls" table
CREATE TABLE `polls` (`id` integer NOT NULL, `multiple` bool NOT NULL DEFAULT (false), `ends_at` datetime NOT NULL, `voters` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- create "poll_options" table
CREATE TABLE `poll_options` (`id` integer NOT NULL, `post_id` integer NOT NULL, `position` integer NOT NULL, `text` text NOT NULL, `votes` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- create index "polloption_post_id_position" to table: "poll_options"
CREATE UNIQUE INDEX `polloption_post_id_position` ON `poll_options` (`post_id`, `position`);
-- create "poll_votes" table
CREATE TABLE `poll_votes` (`id` integer NOT NULL, `post_id` integer NOT NULL, `user_id` integer NOT NULL, `choices` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "pollvote_user_id_post_id" to table: "poll_votes"
CREATE UNIQUE INDEX `pollvote_user_id_post_id` ON `poll_votes` (`user_id`, `post_id`);
-- create index "pollvote_post_id" to table: "poll_votes"
CREATE INDEX `pollvote_post_id` ON `poll_votes` (`post_id`);
-- create "post_versions" table
CREATE TABLE `post_versions` (`id` integer NOT NULL, `post_id` integer NOT NULL, `version` integer NOT NULL, `text` text NOT NULL, `content_warning` text NOT NULL DEFAULT (''), `language` text NOT NULL DEFAULT (''), `audience` integer NOT NULL, `facets` blob NULL, `written_at` datetime NOT NULL, PRIMARY KEY (`id`));
-- create index "postversion_post_id_version" to table: "post_versions"
CREATE UNIQUE INDEX `postversion_post_id_version` ON `post_versions` (`post_id`, `version`);

-- +goose Down
-- reverse: create index "postversion_post_id_version" to table: "post_versions"
DROP INDEX `postversion_post_id_version`;
-- reverse: create "post_versions" table
DROP TABLE `post_versions`;
-- reverse: create index "pollvote_post_id" to table: "poll_votes"
DROP INDEX `pollvote_post_id`;
-- reverse: create index "pollvote_user_id_post_id" to table: "poll_votes"
DROP INDEX `pollvote_user_id_post_id`;
-- reverse: create "poll_votes" table
DROP TABLE `poll_votes`;
-- reverse: create index "polloption_post_id_position" to table: "poll_options"
DROP INDEX `polloption_post_id_position`;
-- reverse: create "poll_options" table
DROP TABLE `poll_options`;
-- reverse: create "polls" table
DROP TABLE `polls`;
-- reverse: create index "drafts_scheduled" to table: "drafts"
DROP INDEX `drafts_scheduled`;
-- reverse: create index "draft_author_id_id" to table: "drafts"
DROP INDEX `draft_author_id_id`;
-- reverse: create "drafts" table
DROP TABLE `drafts`;
-- reverse: create index "bookmark_user_id_id" to table: "bookmarks"
DROP INDEX `bookmark_user_id_id`;
-- reverse: create index "bookmark_user_id_post_id" to table: "bookmarks"
DROP INDEX `bookmark_user_id_post_id`;
-- reverse: create "bookmarks" table
DROP TABLE `bookmarks`;
-- reverse: add columns to table: "posts"
ALTER TABLE `posts` DROP COLUMN `has_poll`;
ALTER TABLE `posts` DROP COLUMN `facets`;
-- reverse: add columns to table: "post_counts"
ALTER TABLE `post_counts` DROP COLUMN `quotes`;
ALTER TABLE `post_counts` DROP COLUMN `reposts`;
