package store_test

import (
	"context"
	"testing"

	entpost "github.com/pulse-social/pulse/ent/post"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	"github.com/pulse-social/pulse/services/internal/store"
)

// texted is a statement that changes the text of a post.
func texted(tx *store.Tx, postID int64, text string) store.Statement {
	return store.StatementOf(tx.Update(entpost.Table, entpost.ID(postID)).Set(entpost.FieldText, text))
}

// inserted is a statement that writes a post of nobody's.
func inserted(tx *store.Tx, postID int64) store.Statement {
	return store.StatementOf(tx.Insert(entpost.Table, entpost.FieldID, entpost.FieldAuthorID, entpost.FieldText, entpost.FieldThreadID,
		entpost.FieldReplyToID, entpost.FieldDeleted, entpost.FieldAudience, entpost.FieldReplyPolicy, entpost.FieldRepostOfID,
		entpost.FieldQuoteOfID, entpost.FieldVersion, entpost.FieldHasPoll, entpost.FieldContentWarning, entpost.FieldLanguage,
	).Values(postID, 1, "text", postID, 0, false, 1, 1, 0, 0, 1, false, "", ""))
}

func TestWhatIsLastIsDoneInOrderAfterTheRest(t *testing.T) {
	t.Parallel()
	db := open(t).For("post")
	var postID int64
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		postID = tx.NewID()
		tx.Last(inserted(tx, postID), texted(tx, postID, "first"))
		tx.Last(texted(tx, postID, "second"))
		if is, err := tx.Post.Query().Where(entpost.ID(postID)).Exist(t.Context()); err != nil || is {
			t.Errorf("the post is there before the end (%v)", err)
		}
		return tx.Emit(&busv1.PostCreated{PostId: postID})
	})
	if err != nil {
		t.Fatal(err)
	}
	if post := db.Post.GetX(t.Context(), postID); post.Text != "second" {
		t.Errorf("the post says %q, want what was last", post.Text)
	}
}

func TestNothingIsWrittenWhenWhatIsLastFails(t *testing.T) {
	t.Parallel()
	db := open(t).For("post")
	ran := 0
	var postID int64
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		ran++
		postID = tx.NewID()
		if err := insert(t.Context(), tx, postID); err != nil {
			return err
		}
		tx.Last(texted(tx, postID, "other"), store.Statement{Query: "UPDATE no_such_table SET a = 1"})
		return tx.Emit(&busv1.PostCreated{PostId: postID})
	})
	if err == nil || ran != 1 {
		t.Errorf("ran %d times: %v, want one failure", ran, err)
	}
	if is, err := db.Post.Query().Where(entpost.ID(postID)).Exist(context.WithoutCancel(t.Context())); err != nil || is {
		t.Errorf("half of a transaction is there (%v)", err)
	}
}

// A row that somebody else wrote meanwhile is found at the end too, and the transaction begins anew.
func TestARaceThatIsLostAtTheEndIsRunAgain(t *testing.T) {
	t.Parallel()
	db := open(t).For("post")
	taken := int64(0)
	if err := db.Write(t.Context(), func(tx *store.Tx) error { taken = tx.NewID(); return insert(t.Context(), tx, taken) }); err != nil {
		t.Fatal(err)
	}
	var tried []int64
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		postID := taken
		if len(tried) > 0 {
			postID = tx.NewID()
		}
		tried = append(tried, postID)
		tx.Last(inserted(tx, postID))
		return nil
	})
	if err != nil || len(tried) != 2 {
		t.Errorf("tried %v: %v, want that the second try is taken", tried, err)
	}
	if len(tried) == 2 && db.Post.GetX(t.Context(), tried[1]).Text != "text" {
		t.Error("the second try is not there")
	}
}
