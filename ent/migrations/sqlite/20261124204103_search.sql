-- +goose Up
-- create "search_names" table
CREATE TABLE `search_names` (`id` integer NOT NULL, `user_id` integer NOT NULL, `key` blob NOT NULL, PRIMARY KEY (`id`));
-- create index "searchname_key_user_id" to table: "search_names"
CREATE UNIQUE INDEX `searchname_key_user_id` ON `search_names` (`key`, `user_id`);
-- create index "searchname_user_id_key" to table: "search_names"
CREATE INDEX `searchname_user_id_key` ON `search_names` (`user_id`, `key`);
-- create "search_people" table
CREATE TABLE `search_people` (`id` integer NOT NULL, `handle` text NOT NULL, `version` integer NOT NULL, `name` text NOT NULL, `terms` text NOT NULL, PRIMARY KEY (`id`));
-- create "search_posts" table
CREATE TABLE `search_posts` (`id` integer NOT NULL, `version` integer NOT NULL, `terms` text NOT NULL, PRIMARY KEY (`id`));
-- create "search_tags" table
CREATE TABLE `search_tags` (`id` integer NOT NULL, `key` blob NOT NULL, `tag_key` text NOT NULL, PRIMARY KEY (`id`));
-- create index "search_tags_key_key" to table: "search_tags"
CREATE UNIQUE INDEX `search_tags_key_key` ON `search_tags` (`key`);
-- create index "searchtag_tag_key" to table: "search_tags"
CREATE UNIQUE INDEX `searchtag_tag_key` ON `search_tags` (`tag_key`);

-- by hand: the full-text table of "search_posts". Terms are made by Pulse; the tokenizer only has to divide them at blanks.
CREATE VIRTUAL TABLE `search_posts_fts` USING fts5 (`terms`, content=`search_posts`, content_rowid=`id`, tokenize="ascii tokenchars '#@:_-'");
-- +goose StatementBegin
CREATE TRIGGER `search_posts_fts_insert` AFTER INSERT ON `search_posts` BEGIN
  INSERT INTO `search_posts_fts` (rowid, `terms`) VALUES (new.`id`, new.`terms`);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `search_posts_fts_delete` AFTER DELETE ON `search_posts` BEGIN
  INSERT INTO `search_posts_fts` (`search_posts_fts`, rowid, `terms`) VALUES ('delete', old.`id`, old.`terms`);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `search_posts_fts_update` AFTER UPDATE OF `terms` ON `search_posts` WHEN new.`terms` <> old.`terms` BEGIN
  INSERT INTO `search_posts_fts` (`search_posts_fts`, rowid, `terms`) VALUES ('delete', old.`id`, old.`terms`);
  INSERT INTO `search_posts_fts` (rowid, `terms`) VALUES (new.`id`, new.`terms`);
END;
-- +goose StatementEnd

-- by hand: the full-text table of "search_people". Terms are made by Pulse; the tokenizer only has to divide them at blanks.
CREATE VIRTUAL TABLE `search_people_fts` USING fts5 (`terms`, content=`search_people`, content_rowid=`id`, tokenize="ascii tokenchars '#@:_-'", prefix='1 2 3');
-- +goose StatementBegin
CREATE TRIGGER `search_people_fts_insert` AFTER INSERT ON `search_people` BEGIN
  INSERT INTO `search_people_fts` (rowid, `terms`) VALUES (new.`id`, new.`terms`);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `search_people_fts_delete` AFTER DELETE ON `search_people` BEGIN
  INSERT INTO `search_people_fts` (`search_people_fts`, rowid, `terms`) VALUES ('delete', old.`id`, old.`terms`);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `search_people_fts_update` AFTER UPDATE OF `terms` ON `search_people` WHEN new.`terms` <> old.`terms` BEGIN
  INSERT INTO `search_people_fts` (`search_people_fts`, rowid, `terms`) VALUES ('delete', old.`id`, old.`terms`);
  INSERT INTO `search_people_fts` (rowid, `terms`) VALUES (new.`id`, new.`terms`);
END;
-- +goose StatementEnd

-- +goose Down
-- reverse: by hand: the full-text tables; their triggers go with the tables
DROP TABLE `search_people_fts`;
DROP TABLE `search_posts_fts`;
-- reverse: create index "searchtag_tag_key" to table: "search_tags"
DROP INDEX `searchtag_tag_key`;
-- reverse: create index "search_tags_key_key" to table: "search_tags"
DROP INDEX `search_tags_key_key`;
-- reverse: create "search_tags" table
DROP TABLE `search_tags`;
-- reverse: create "search_posts" table
DROP TABLE `search_posts`;
-- reverse: create "search_people" table
DROP TABLE `search_people`;
-- reverse: create index "searchname_user_id_key" to table: "search_names"
DROP INDEX `searchname_user_id_key`;
-- reverse: create index "searchname_key_user_id" to table: "search_names"
DROP INDEX `searchname_key_user_id`;
-- reverse: create "search_names" table
DROP TABLE `search_names`;
