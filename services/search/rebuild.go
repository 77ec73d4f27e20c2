package search

import (
	"context"
	"fmt"
	"math"
	"slices"

	entsql "entgo.io/ent/dialect/sql"

	"github.com/pulse-social/pulse/ent/account"
	entpost "github.com/pulse-social/pulse/ent/post"
	"github.com/pulse-social/pulse/ent/searchname"
	"github.com/pulse-social/pulse/ent/searchperson"
	"github.com/pulse-social/pulse/ent/searchpost"
	"github.com/pulse-social/pulse/services/internal/store"
)

// rebuildBatch is how many documents are written anew in one transaction: few enough that those who post meanwhile do not
// wait long for it.
const rebuildBatch = 200

// stage is one kind of documents in a rebuild.
type stage struct {
	name string
	// count answers how many things there are, next the ids of a batch of them after an id.
	count func(context.Context) (int, error)
	next  func(ctx context.Context, after int64) ([]int64, error)
	// write writes the documents of a batch.
	write func(ctx context.Context, tx *store.Tx, ids []int64) error
	// sweep removes the documents with ids after one and up to another of what is not there.
	sweep func(ctx context.Context, tx *store.Tx, after, upTo int64) error
}

// Rebuild writes every document anew, and removes those of what is not there. Searches go on meanwhile, and find what they
// found. One that is interrupted has done no harm; the next begins again. report is told how many batches of something are
// done, first that it is none, and of how many.
func Rebuild(ctx context.Context, db *store.DB, report func(what string, done, total int)) error {
	for _, s := range []stage{postsStage(db), peopleStage(db), eventsStage(db)} {
		things, err := s.count(ctx)
		if err != nil {
			return fmt.Errorf("count %s: %w", s.name, err)
		}
		total := max(1, (things+rebuildBatch-1)/rebuildBatch)
		report("batches of "+s.name, 0, total)
		// Of what is written meanwhile there may be more batches.
		err = s.run(ctx, db, func(done int) {
			if done < total {
				report("batches of "+s.name, done, total)
			}
		})
		if err != nil {
			return fmt.Errorf("rebuild the index of %s: %w", s.name, err)
		}
		report("batches of "+s.name, total, total)
	}
	return nil
}

// run works on batch after batch, and tells how many are done.
func (s stage) run(ctx context.Context, db *store.DB, progress func(done int)) error {
	after, upTo := int64(0), int64(0)
	for done := 1; upTo < math.MaxInt64; done++ {
		ids, err := s.next(ctx, after)
		if err != nil {
			return err
		}
		if upTo = math.MaxInt64; len(ids) == rebuildBatch {
			upTo = ids[len(ids)-1]
		}
		err = db.Write(ctx, func(tx *store.Tx) error {
			if err := s.write(ctx, tx, slices.Clone(ids)); err != nil {
				return err
			}
			return s.sweep(ctx, tx, after, upTo)
		})
		if err != nil {
			return err
		}
		progress(done)
		after = upTo
	}
	return nil
}

func postsStage(db *store.DB) stage {
	return stage{
		name:  "posts",
		count: db.Post.Query().Count,
		next: func(ctx context.Context, after int64) ([]int64, error) {
			return db.Post.Query().Where(entpost.IDGT(after)).Order(entpost.ByID()).Limit(rebuildBatch).IDs(ctx)
		},
		write: func(ctx context.Context, tx *store.Tx, ids []int64) error { return index(ctx, tx, ids, nil, nil) },
		sweep: func(ctx context.Context, tx *store.Tx, after, upTo int64) error {
			_, err := tx.SearchPost.Delete().Where(searchpost.IDGT(after), searchpost.IDLTE(upTo), without(searchpost.FieldID, entpost.Table)).Exec(ctx)
			return err
		},
	}
}

func peopleStage(db *store.DB) stage {
	return stage{
		name:  "people",
		count: db.Account.Query().Count,
		next: func(ctx context.Context, after int64) ([]int64, error) {
			return db.Account.Query().Where(account.IDGT(after)).Order(account.ByID()).Limit(rebuildBatch).IDs(ctx)
		},
		write: func(ctx context.Context, tx *store.Tx, ids []int64) error { return index(ctx, tx, nil, ids, nil) },
		sweep: func(ctx context.Context, tx *store.Tx, after, upTo int64) error {
			gone := without(searchname.FieldUserID, account.Table)
			if _, err := tx.SearchName.Delete().Where(searchname.UserIDGT(after), searchname.UserIDLTE(upTo), gone).Exec(ctx); err != nil {
				return err
			}
			_, err := tx.SearchPerson.Delete().Where(searchperson.IDGT(after), searchperson.IDLTE(upTo), without(searchperson.FieldID, account.Table)).Exec(ctx)
			return err
		},
	}
}

// without matches rows whose subject, by a column, is not in a table.
func without(column, table string) func(*entsql.Selector) {
	return func(s *entsql.Selector) {
		subjects := entsql.Table(table).As("subjects")
		s.Where(entsql.NotExists(entsql.Select(subjects.C("id")).From(subjects).Where(entsql.ColumnsEQ(subjects.C("id"), s.C(column)))))
	}
}
