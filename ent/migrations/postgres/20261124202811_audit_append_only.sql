-- +goose Up
-- audit records are never changed nor deleted
-- +goose StatementBegin
CREATE FUNCTION "refuse_audit_change"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit records are append-only' USING ERRCODE = '42501'; END $$;
-- +goose StatementEnd
CREATE TRIGGER "audit_records_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_records" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_audit_change"();

-- +goose Down
DROP TRIGGER "audit_records_append_only" ON "audit_records";
DROP FUNCTION "refuse_audit_change"();
