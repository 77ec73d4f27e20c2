-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
-- create "new_accounts" table
CREATE TABLE `new_accounts` (`id` integer NOT NULL, `handle` text NOT NULL, `handle_key` text NOT NULL, `state` integer NOT NULL DEFAULT (0), `role` integer NOT NULL DEFAULT (0), PRIMARY KEY (`id`));
-- copy rows from old table "accounts" to new temporary table "new_accounts"
INSERT INTO `new_accounts` (`id`, `handle`, `handle_key`) SELECT `id`, `handle`, `handle_key` FROM `accounts`;
-- drop "accounts" table after copying rows
DROP TABLE `accounts`;
-- rename temporary table "new_accounts" to "accounts"
ALTER TABLE `new_accounts` RENAME TO `accounts`;
-- create index "accounts_handle_key_key" to table: "accounts"
CREATE UNIQUE INDEX `accounts_handle_key_key` ON `accounts` (`handle_key`);
-- create "new_posts" table
CREATE TABLE `new_posts` (`id` integer NOT NULL, `author_id` integer NOT NULL, `text` text NOT NULL, `reply_to_id` integer NOT NULL DEFAULT (0), `thread_id` integer NOT NULL, `deleted` bool NOT NULL DEFAULT (false), `audience` integer NOT NULL DEFAULT (1), `reply_policy` integer NOT NULL DEFAULT (1), `repost_of_id` integer NOT NULL DEFAULT (0), `quote_of_id` integer NOT NULL DEFAULT (0), `content_warning` text NOT NULL DEFAULT (''), `language` text NOT NULL DEFAULT (''), `version` integer NOT NULL DEFAULT (1), `edited_at` datetime NULL, PRIMARY KEY (`id`));
-- copy rows from old table "posts" to new temporary table "new_posts"
INSERT INTO `new_posts` (`id`, `author_id`, `text`, `reply_to_id`, `thread_id`, `deleted`) SELECT `id`, `author_id`, `text`, `reply_to_id`, `thread_id`, `deleted` FROM `posts`;
-- drop "posts" table after copying rows
DROP TABLE `posts`;
-- rename temporary table "new_posts" to "posts"
ALTER TABLE `new_posts` RENAME TO `posts`;
-- create index "post_author_id_id" to table: "posts"
CREATE INDEX `post_author_id_id` ON `posts` (`author_id`, `id`);
-- create index "post_reply_to_id_id" to table: "posts"
CREATE INDEX `post_reply_to_id_id` ON `posts` (`reply_to_id`, `id`);
-- create index "posts_quotes" to table: "posts"
CREATE INDEX `posts_quotes` ON `posts` (`quote_of_id`, `id`) WHERE quote_of_id <> 0;
-- create index "posts_reposts" to table: "posts"
CREATE UNIQUE INDEX `posts_reposts` ON `posts` (`repost_of_id`, `author_id`) WHERE repost_of_id <> 0 AND NOT deleted;
-- create "new_profiles" table
CREATE TABLE `new_profiles` (`id` integer NOT NULL, `display_name` text NOT NULL DEFAULT (''), `bio` text NOT NULL DEFAULT (''), `location` text NOT NULL DEFAULT (''), `private` bool NOT NULL DEFAULT (false), `version` integer NOT NULL DEFAULT (1), PRIMARY KEY (`id`));
-- copy rows from old table "profiles" to new temporary table "new_profiles"
INSERT INTO `new_profiles` (`id`, `display_name`, `bio`, `location`, `version`) SELECT `id`, `display_name`, `bio`, `location`, `version` FROM `profiles`;
-- drop "profiles" table after copying rows
DROP TABLE `profiles`;
-- rename temporary table "new_profiles" to "profiles"
ALTER TABLE `new_profiles` RENAME TO `profiles`;
-- create "blocks" table
CREATE TABLE `blocks` (`id` integer NOT NULL, `blocker_id` integer NOT NULL, `blocked_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "block_blocker_id_blocked_id" to table: "blocks"
CREATE UNIQUE INDEX `block_blocker_id_blocked_id` ON `blocks` (`blocker_id`, `blocked_id`);
-- create index "block_blocked_id_blocker_id" to table: "blocks"
CREATE INDEX `block_blocked_id_blocker_id` ON `blocks` (`blocked_id`, `blocker_id`);
-- create index "block_blocker_id_id" to table: "blocks"
CREATE INDEX `block_blocker_id_id` ON `blocks` (`blocker_id`, `id`);
-- create "follow_requests" table
CREATE TABLE `follow_requests` (`id` integer NOT NULL, `requester_id` integer NOT NULL, `target_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "followrequest_requester_id_target_id" to table: "follow_requests"
CREATE UNIQUE INDEX `followrequest_requester_id_target_id` ON `follow_requests` (`requester_id`, `target_id`);
-- create index "followrequest_requester_id_id" to table: "follow_requests"
CREATE INDEX `followrequest_requester_id_id` ON `follow_requests` (`requester_id`, `id`);
-- create index "followrequest_target_id_id" to table: "follow_requests"
CREATE INDEX `followrequest_target_id_id` ON `follow_requests` (`target_id`, `id`);
-- create "mutes" table
CREATE TABLE `mutes` (`id` integer NOT NULL, `muter_id` integer NOT NULL, `muted_id` integer NOT NULL, `expires_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "mute_muter_id_muted_id" to table: "mutes"
CREATE UNIQUE INDEX `mute_muter_id_muted_id` ON `mutes` (`muter_id`, `muted_id`);
-- create index "mute_muter_id_id" to table: "mutes"
CREATE INDEX `mute_muter_id_id` ON `mutes` (`muter_id`, `id`);
-- create "muted_words" table
CREATE TABLE `muted_words` (`id` integer NOT NULL, `user_id` integer NOT NULL, `text` text NOT NULL, `text_key` text NOT NULL, `expires_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "mutedword_user_id_text_key" to table: "muted_words"
CREATE UNIQUE INDEX `mutedword_user_id_text_key` ON `muted_words` (`user_id`, `text_key`);
-- create index "mutedword_user_id_id" to table: "muted_words"
CREATE INDEX `mutedword_user_id_id` ON `muted_words` (`user_id`, `id`);
-- create "post_mentions" table
CREATE TABLE `post_mentions` (`id` integer NOT NULL, `post_id` integer NOT NULL, `user_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "postmention_post_id_user_id" to table: "post_mentions"
CREATE UNIQUE INDEX `postmention_post_id_user_id` ON `post_mentions` (`post_id`, `user_id`);
-- create index "postmention_user_id_post_id" to table: "post_mentions"
CREATE INDEX `postmention_user_id_post_id` ON `post_mentions` (`user_id`, `post_id`);
-- create "post_tags" table
CREATE TABLE `post_tags` (`id` integer NOT NULL, `post_id` integer NOT NULL, `tag` text NOT NULL, `tag_key` text NOT NULL, PRIMARY KEY (`id`));
-- create index "posttag_tag_key_post_id" to table: "post_tags"
CREATE UNIQUE INDEX `posttag_tag_key_post_id` ON `post_tags` (`tag_key`, `post_id`);
-- create index "posttag_post_id" to table: "post_tags"
CREATE INDEX `posttag_post_id` ON `post_tags` (`post_id`);
-- create "user_lists" table
CREATE TABLE `user_lists` (`id` integer NOT NULL, `owner_id` integer NOT NULL, `name` text NOT NULL, `version` integer NOT NULL DEFAULT (1), PRIMARY KEY (`id`));
-- create index "userlist_owner_id_id" to table: "user_lists"
CREATE INDEX `userlist_owner_id_id` ON `user_lists` (`owner_id`, `id`);
-- create "user_list_members" table
CREATE TABLE `user_list_members` (`id` integer NOT NULL, `list_id` integer NOT NULL, `user_id` integer NOT NULL, PRIMARY KEY (`id`));
-- create index "userlistmember_list_id_user_id" to table: "user_list_members"
CREATE UNIQUE INDEX `userlistmember_list_id_user_id` ON `user_list_members` (`list_id`, `user_id`);
-- create index "userlistmember_list_id_id" to table: "user_list_members"
CREATE INDEX `userlistmember_list_id_id` ON `user_list_members` (`list_id`, `id`);
-- create index "userlistmember_user_id_id" to table: "user_list_members"
CREATE INDEX `userlistmember_user_id_id` ON `user_list_members` (`user_id`, `id`);
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;

-- +goose Down
-- reverse: create index "userlistmember_user_id_id" to table: "user_list_members"
DROP INDEX `userlistmember_user_id_id`;
-- reverse: create index "userlistmember_list_id_id" to table: "user_list_members"
DROP INDEX `userlistmember_list_id_id`;
-- reverse: create index "userlistmember_list_id_user_id" to table: "user_list_members"
DROP INDEX `userlistmember_list_id_user_id`;
-- reverse: create "user_list_members" table
DROP TABLE `user_list_members`;
-- reverse: create index "userlist_owner_id_id" to table: "user_lists"
DROP INDEX `userlist_owner_id_id`;
-- reverse: create "user_lists" table
DROP TABLE `user_lists`;
-- reverse: create index "posttag_post_id" to table: "post_tags"
DROP INDEX `posttag_post_id`;
-- reverse: create index "posttag_tag_key_post_id" to table: "post_tags"
DROP INDEX `posttag_tag_key_post_id`;
-- reverse: create "post_tags" table
DROP TABLE `post_tags`;
-- reverse: create index "postmention_user_id_post_id" to table: "post_mentions"
DROP INDEX `postmention_user_id_post_id`;
-- reverse: create index "postmention_post_id_user_id" to table: "post_mentions"
DROP INDEX `postmention_post_id_user_id`;
-- reverse: create "post_mentions" table
DROP TABLE `post_mentions`;
-- reverse: create index "mutedword_user_id_id" to table: "muted_words"
DROP INDEX `mutedword_user_id_id`;
-- reverse: create index "mutedword_user_id_text_key" to table: "muted_words"
DROP INDEX `mutedword_user_id_text_key`;
-- reverse: create "muted_words" table
DROP TABLE `muted_words`;
-- reverse: create index "mute_muter_id_id" to table: "mutes"
DROP INDEX `mute_muter_id_id`;
-- reverse: create index "mute_muter_id_muted_id" to table: "mutes"
DROP INDEX `mute_muter_id_muted_id`;
-- reverse: create "mutes" table
DROP TABLE `mutes`;
-- reverse: create index "followrequest_target_id_id" to table: "follow_requests"
DROP INDEX `followrequest_target_id_id`;
-- reverse: create index "followrequest_requester_id_id" to table: "follow_requests"
DROP INDEX `followrequest_requester_id_id`;
-- reverse: create index "followrequest_requester_id_target_id" to table: "follow_requests"
DROP INDEX `followrequest_requester_id_target_id`;
-- reverse: create "follow_requests" table
DROP TABLE `follow_requests`;
-- reverse: create index "block_blocker_id_id" to table: "blocks"
DROP INDEX `block_blocker_id_id`;
-- reverse: create index "block_blocked_id_blocker_id" to table: "blocks"
DROP INDEX `block_blocked_id_blocker_id`;
-- reverse: create index "block_blocker_id_blocked_id" to table: "blocks"
DROP INDEX `block_blocker_id_blocked_id`;
-- reverse: create "blocks" table
DROP TABLE `blocks`;
-- reverse: create "new_profiles" table
DROP TABLE `new_profiles`;
-- reverse: create index "posts_reposts" to table: "posts"
DROP INDEX `posts_reposts`;
-- reverse: create index "posts_quotes" to table: "posts"
DROP INDEX `posts_quotes`;
-- reverse: create index "post_reply_to_id_id" to table: "posts"
DROP INDEX `post_reply_to_id_id`;
-- reverse: create index "post_author_id_id" to table: "posts"
DROP INDEX `post_author_id_id`;
-- reverse: create "new_posts" table
DROP TABLE `new_posts`;
-- reverse: create index "accounts_handle_key_key" to table: "accounts"
DROP INDEX `accounts_handle_key_key`;
-- reverse: create "new_accounts" table
DROP TABLE `new_accounts`;
