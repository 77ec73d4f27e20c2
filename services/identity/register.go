package identity

import (
	"context"
	"strings"
	"time"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/credential"
	"github.com/pulse-social/pulse/ent/formerhandle"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// Register creates an account and signs it in, both or neither.
func (h *handler) Register(ctx context.Context, req *identityv1.RegisterRequest) (*identityv1.RegisterResponse, error) {
	if err := checkPassword(req.GetPassword()); err != nil {
		return nil, err
	}
	// What is taken is refused before the work of hashing; the transaction looks again. It may be this very call, repeated
	// under its idempotency key, that has taken it: then Answer has its first answer.
	if err := available(ctx, h.db.Client, req, h.now()); err != nil {
		return store.Answer(ctx, h.db, func(*store.Tx) (*identityv1.RegisterResponse, error) { return nil, err })
	}
	hash, err := h.hasher.hash(ctx, req.GetPassword())
	if err != nil {
		return nil, err
	}
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*identityv1.RegisterResponse, error) {
		if err := available(ctx, tx.Client, req, tx.Now); err != nil {
			return nil, err
		}
		created, err := insertAccount(ctx, tx, req, hash)
		if err != nil {
			return nil, err
		}
		tokens, err := h.openSession(ctx, tx, created.GetId(), req.GetDeviceName())
		if err != nil {
			return nil, err
		}
		audit.RecordBy(ctx, tx, audit.AccountRegistered, created.GetId(), created.GetId(), nil)
		return &identityv1.RegisterResponse{Account: created, Tokens: tokens},
			tx.Emit(&busv1.AccountRegistered{UserId: created.GetId(), Handle: created.GetHandle()})
	})
}

// available fails when the handle or the address belongs to somebody.
func available(ctx context.Context, client *ent.Client, req *identityv1.RegisterRequest, now time.Time) error {
	taken, err := handleTaken(ctx, client, strings.ToLower(req.GetHandle()), 0, now)
	if err != nil {
		return err
	}
	if taken {
		return handleTakenError(req.GetHandle())
	}
	taken, err = client.Credential.Query().Where(credential.EmailKey(strings.ToLower(req.GetEmail()))).Exist(ctx)
	if err != nil {
		return err
	}
	if taken {
		return rpc.Fail(errorsv1.Reason_REASON_EMAIL_TAKEN, "another account has this e-mail address: log in, or use another address")
	}
	return nil
}

func insertAccount(ctx context.Context, tx *store.Tx, req *identityv1.RegisterRequest, hash string) (*identityv1.Account, error) {
	// A reservation that is over makes room.
	if _, err := tx.FormerHandle.Delete().Where(formerhandle.HandleKey(strings.ToLower(req.GetHandle()))).Exec(ctx); err != nil {
		return nil, err
	}
	row, err := tx.Account.Create().SetID(tx.NewID()).
		SetHandle(req.GetHandle()).SetHandleKey(strings.ToLower(req.GetHandle())).Save(ctx)
	if err != nil {
		return nil, err
	}
	secret, err := tx.Credential.Create().SetID(row.ID).
		SetEmail(req.GetEmail()).SetEmailKey(strings.ToLower(req.GetEmail())).SetPasswordHash(hash).Save(ctx)
	if err != nil {
		return nil, err
	}
	return toProto(row, secret), requestQuietly(ctx, tx, mailVerifyEmail, row.ID, secret.Email)
}
