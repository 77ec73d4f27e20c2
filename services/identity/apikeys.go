package identity

import (
	"context"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/apikey"
	"github.com/pulse-social/pulse/ent/predicate"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	identityv1 "github.com/pulse-social/pulse/gen/pulse/identity/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

// CreateApiKey makes an API key and answers it this once.
func (a *admin) CreateApiKey(ctx context.Context, req *identityv1.CreateApiKeyRequest) (*identityv1.CreateApiKeyResponse, error) { //nolint:revive // The schema's name.
	expires := req.GetExpireTime()
	if expires != nil && (!expires.IsValid() || !expires.AsTime().After(a.now())) {
		return nil, rpc.Fail(errorsv1.Reason_REASON_EXPIRE_TIME_PAST, "expire_time has passed already: choose a time to come, or none")
	}
	key := auth.NewAPIKey()
	return store.Answer(ctx, a.db, func(tx *store.Tx) (*identityv1.CreateApiKeyResponse, error) {
		create := tx.APIKey.Create().SetID(tx.NewID()).SetName(req.GetName()).SetHash(auth.HashAPIKey(key)).SetCreatedBy(auth.Caller(ctx).UserID)
		if expires != nil {
			create.SetExpiresAt(expires.AsTime().Truncate(time.Millisecond))
		}
		row, err := create.Save(ctx)
		if err != nil {
			return nil, fmt.Errorf("write the API key: %w", err)
		}
		audit.Record(ctx, tx, audit.APIKeyCreated, row.ID, audit.Details{"name": row.Name})
		return &identityv1.CreateApiKeyResponse{ApiKey: apiKeyToProto(row), Key: key}, nil
	})
}

func apiKeyToProto(row *ent.APIKey) *identityv1.ApiKey {
	key := &identityv1.ApiKey{Id: row.ID, Name: row.Name, CreatorId: row.CreatedBy, CreateTime: timestamppb.New(id.Time(row.ID))}
	if row.ExpiresAt != nil {
		key.ExpireTime = timestamppb.New(*row.ExpiresAt)
	}
	return key
}

// working tells which keys have not ended.
func working(now time.Time) predicate.APIKey {
	return apikey.And(apikey.RevokedAtIsNil(), apikey.Or(apikey.ExpiresAtIsNil(), apikey.ExpiresAtGT(now)))
}

// ListApiKeys lists the keys that work, newest first.
func (a *admin) ListApiKeys(ctx context.Context, req *identityv1.ListApiKeysRequest) (*identityv1.ListApiKeysResponse, error) { //nolint:revive // The schema's name.
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	query := a.db.APIKey.Query().Where(working(a.now())).Order(apikey.ByID(entsql.OrderDesc())).Limit(cursor.Size + 1)
	if cursor.After != 0 {
		query.Where(apikey.IDLT(cursor.After))
	}
	rows, err := query.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read API keys: %w", err)
	}
	answer := &identityv1.ListApiKeysResponse{}
	if len(rows) > cursor.Size {
		rows = rows[:cursor.Size]
		answer.NextPageToken = cursor.Token(rows[cursor.Size-1].ID, page.Onward)
	}
	for _, row := range rows {
		answer.ApiKeys = append(answer.ApiKeys, apiKeyToProto(row))
	}
	return answer, nil
}

// RevokeApiKey ends a key.
func (a *admin) RevokeApiKey(ctx context.Context, req *identityv1.RevokeApiKeyRequest) (*identityv1.RevokeApiKeyResponse, error) { //nolint:revive // The schema's name.
	keyID := req.GetApiKeyId()
	answer, err := store.Answer(ctx, a.db, func(tx *store.Tx) (*identityv1.RevokeApiKeyResponse, error) {
		ended, err := tx.APIKey.Update().Where(apikey.ID(keyID), working(tx.Now)).SetRevokedAt(tx.Now).Save(ctx)
		if err != nil {
			return nil, fmt.Errorf("end the API key: %w", err)
		}
		if ended == 0 {
			return nil, rpc.Fail(errorsv1.Reason_REASON_API_KEY_NOT_FOUND, "there is no API key of that id, or it has ended")
		}
		audit.Record(ctx, tx, audit.APIKeyRevoked, keyID, nil)
		return &identityv1.RevokeApiKeyResponse{}, tx.Emit(&busv1.ApiKeyRevoked{ApiKeyId: keyID})
	})
	if err != nil {
		return nil, err
	}
	if err := a.apiKeys.End(ctx, keyID); err != nil {
		return nil, rpc.Fail(errorsv1.Reason_REASON_UNAVAILABLE, "the key has ended, but some servers may not know for some seconds: wait as long to be sure").After(auth.LiveKept)
	}
	return answer, nil
}

// apiKeysConsumer tells Redis of ended keys once more, as that of sessions does of sessions.
func apiKeysConsumer(keys *auth.APIKeys) bus.Consumer {
	return bus.Consumer{
		Name:   "identity.api_keys",
		Events: []proto.Message{&busv1.ApiKeyRevoked{}},
		Prepare: func(ctx context.Context, events []bus.Event) error {
			ended := make([]int64, len(events))
			for i, event := range events {
				ended[i] = event.AggregateID
			}
			return bus.Later(keys.End(ctx, ended...))
		},
	}
}
