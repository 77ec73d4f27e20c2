package graph

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/mutedword"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	graphv1 "github.com/pulse-social/pulse/gen/pulse/graph/v1"
	"github.com/pulse-social/pulse/services/internal/auth"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/mute"
	"github.com/pulse-social/pulse/services/internal/page"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/stamp"
	"github.com/pulse-social/pulse/services/internal/store"
)

// maxMutedWords bounds how many words and phrases one mutes.
const maxMutedWords = 200

// MuteWord mutes a word or phrase, or sets anew when that ends.
func (h *handler) MuteWord(ctx context.Context, req *graphv1.MuteWordRequest) (*graphv1.MuteWordResponse, error) {
	caller, key := auth.Caller(ctx).UserID, mute.Key(req.GetText())
	if key == "" {
		return nil, rpc.Fail(errorsv1.Reason_REASON_MUTED_WORD_EMPTY, "there is no word in %q: give a letter, a number or an emoji", req.GetText())
	}
	defer h.stamps.Changed(ctx, caller, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.MuteWordResponse, error) {
		if err := tx.Lock(ctx, "muted words", caller); err != nil {
			return nil, err
		}
		_, err := tx.MutedWord.Delete().
			Where(mutedword.UserID(caller), mutedword.Or(mutedword.ExpiresAtLTE(tx.Now), mutedword.TextKey(key))).Exec(ctx)
		if err != nil {
			return nil, err
		}
		n, err := tx.MutedWord.Query().Where(mutedword.UserID(caller)).Count(ctx)
		if err != nil {
			return nil, err
		}
		if n >= maxMutedWords {
			return nil, tooManyMutes("words", maxMutedWords)
		}
		row, err := tx.MutedWord.Create().SetID(tx.NewID()).SetUserID(caller).SetText(req.GetText()).SetTextKey(key).
			SetNillableExpiresAt(expiry(tx.Now, req.GetTtl())).Save(ctx)
		if err != nil {
			return nil, err
		}
		return &graphv1.MuteWordResponse{MutedWord: wordToProto(row)}, nil
	})
}

// UnmuteWord takes a muted word or phrase back, if it is one.
func (h *handler) UnmuteWord(ctx context.Context, req *graphv1.UnmuteWordRequest) (*graphv1.UnmuteWordResponse, error) {
	caller := auth.Caller(ctx).UserID
	defer h.stamps.Changed(ctx, caller, stamp.Follows)
	return store.Answer(ctx, h.db, func(tx *store.Tx) (*graphv1.UnmuteWordResponse, error) {
		_, err := tx.MutedWord.Delete().Where(mutedword.UserID(caller), mutedword.TextKey(mute.Key(req.GetText()))).Exec(ctx)
		return &graphv1.UnmuteWordResponse{}, err
	})
}

// ListMutedWords lists what the caller mutes, newest first.
func (h *handler) ListMutedWords(ctx context.Context, req *graphv1.ListMutedWordsRequest) (*graphv1.ListMutedWordsResponse, error) {
	cursor, err := page.Read(req)
	if err != nil {
		return nil, err
	}
	rows, err := h.db.MutedWord.Query().
		Where(
			mutedword.UserID(auth.Caller(ctx).UserID), mutedword.IDLT(before(cursor)),
			mutedword.Or(mutedword.ExpiresAtIsNil(), mutedword.ExpiresAtGT(h.now())),
		).
		Order(mutedword.ByID(descending)).Limit(cursor.Size + 1).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read muted words: %w", err)
	}
	rows, next := cut(cursor, rows, func(w *ent.MutedWord) int64 { return w.ID })
	answer := &graphv1.ListMutedWordsResponse{NextPageToken: next}
	for _, row := range rows {
		answer.MutedWords = append(answer.MutedWords, wordToProto(row))
	}
	return answer, nil
}

func wordToProto(row *ent.MutedWord) *graphv1.MutedWord {
	return &graphv1.MutedWord{Text: row.Text, MuteTime: timestamppb.New(id.Time(row.ID)), ExpireTime: timestamp(row.ExpiresAt)}
}
