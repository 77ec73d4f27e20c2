-- +goose Up
-- audit records are never changed nor deleted
-- +goose StatementBegin
CREATE TRIGGER `audit_records_no_update` BEFORE UPDATE ON `audit_records` BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER `audit_records_no_delete` BEFORE DELETE ON `audit_records` BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER `audit_records_no_delete`;
DROP TRIGGER `audit_records_no_update`;
