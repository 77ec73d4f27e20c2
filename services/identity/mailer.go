package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	"github.com/pulse-social/pulse/ent/outgoingmail"
	busv1 "github.com/pulse-social/pulse/gen/pulse/bus/v1"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/bus"
	"github.com/pulse-social/pulse/services/internal/clock"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/mail"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/service"
	"github.com/pulse-social/pulse/services/internal/store"
	"github.com/pulse-social/pulse/services/internal/visibility"
)

const (
	// mailsAtOnce is how many mails are handed over at once.
	mailsAtOnce = 8
	// claimLife is how long who has begun to send a mail is waited for: longer than sending one takes.
	claimLife = time.Minute
	// mailPatience is how long a mail server that is away is waited for before the mail becomes a dead letter.
	mailPatience = 24 * time.Hour
	// mailsAnHour bounds what anybody can have an address sent.
	mailsAnHour = 5
)

// A mailer sends the mails that transactions have asked for: not within the call, which would tell by its time whether
// there is an account, and fail with the mail server.
//
// A mail is sent once, as far as SMTP allows: whoever sends it claims it first and marks it after. When a process dies
// between the server's answer and the mark, or the connection breaks in the answer, the mail is sent again, with the same
// Message-ID. What secrets it has in it are drawn when it is sent, and are nowhere else.
type mailer struct {
	db        *store.DB
	sender    *mail.Sender
	publicURL string
	// apiURL is where this API is reached, for the way out of mails about notifications.
	apiURL     string
	host       string
	keyring    *keyring
	visibility *visibility.Policy
	now        clock.Clock
}

func newMailer(c Config, d service.Deps, k *keyring) *mailer {
	return &mailer{
		db: d.DB, sender: mail.NewSender(c.Mail, d.Log, c.ShowMails), publicURL: strings.TrimSuffix(c.PublicURL, "/"), apiURL: strings.TrimSuffix(c.apiURL(), "/"),
		host: c.host(), keyring: k, visibility: d.Visibility, now: d.Now,
	}
}

// notify asks for a mail that tells of something; who it is about is its owner.
func notify(ctx context.Context, tx *store.Tx, kind string, userID int64, address string) error {
	return enqueue(ctx, tx, kind, userID, address, nil)
}

// request asks for a mail that anybody could have an address sent, a few within an hour; then it answers
// MAIL_LIMIT_REACHED.
func request(ctx context.Context, tx *store.Tx, kind string, userID int64, address string) error {
	hour := tx.Now.Truncate(time.Hour)
	slots := make([]string, mailsAnHour)
	for n := range slots {
		// The n-th mail takes the n-th slot: of two who take the same at once, one runs again and takes the next.
		slots[n] = fmt.Sprintf("%s %s %d %d", kind, strings.ToLower(address), hour.Unix(), n)
	}
	taken, err := tx.OutgoingMail.Query().Where(outgoingmail.SlotIn(slots...)).Count(ctx)
	if err != nil {
		return fmt.Errorf("count the mails to an address: %w", err)
	}
	if taken >= mailsAnHour {
		return rpc.Fail(errorsv1.Reason_REASON_MAIL_LIMIT_REACHED, "this address was sent %d such mails within the hour: look for them in the mailbox, or try again later", mailsAnHour).
			After(hour.Add(time.Hour).Sub(tx.Now))
	}
	return enqueue(ctx, tx, kind, userID, address, &slots[taken])
}

// requestQuietly is [request] where the caller is not to know that an address had its mails already.
func requestQuietly(ctx context.Context, tx *store.Tx, kind string, userID int64, address string) error {
	err := request(ctx, tx, kind, userID, address)
	if failure, ok := errors.AsType[*rpc.Failure](err); ok && failure.Reason == errorsv1.Reason_REASON_MAIL_LIMIT_REACHED {
		return nil
	}
	return err
}

func enqueue(ctx context.Context, tx *store.Tx, kind string, userID int64, address string, slot *string) error {
	mailID := tx.NewID()
	err := tx.OutgoingMail.Create().SetID(mailID).SetKind(kind).SetUserID(userID).SetAddress(address).SetNillableSlot(slot).Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the mail: %w", err)
	}
	return tx.Emit(&busv1.MailRequested{MailId: mailID})
}

// consumer sends what was asked for.
func (m *mailer) consumer() bus.Consumer {
	return bus.Consumer{
		Name: "identity.mail", Events: []proto.Message{&busv1.MailRequested{}}, Batch: mailsAtOnce,
		Prepare: func(ctx context.Context, events []bus.Event) error {
			var all errgroup.Group
			for _, event := range events {
				all.Go(func() error { return m.deliver(ctx, event.AggregateID) })
			}
			return all.Wait()
		},
	}
}

// errClaimed tells that somebody else is sending the mail.
var errClaimed = errors.New("another process is sending the mail")

// deliver sends a mail that was not sent yet.
func (m *mailer) deliver(ctx context.Context, mailID int64) error {
	message, err := m.claim(ctx, mailID)
	if err != nil || message == nil {
		return err
	}
	failure := m.sender.Send(ctx, *message)
	// The outcome is noted even when the time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	noted := m.db.Write(ctx, func(tx *store.Tx) error {
		update := tx.OutgoingMail.UpdateOneID(mailID).ClearClaimedAt()
		if failure == nil {
			update.SetSentAt(tx.Now)
		}
		return update.Exec(ctx)
	})
	if failure != nil && !errors.Is(failure, mail.ErrRefused) && m.now().Sub(id.Time(mailID)) < mailPatience {
		failure = bus.Later(failure)
	}
	return errors.Join(failure, noted)
}

// claim answers what a mail says, nil when there is nothing to send, and keeps others from sending it meanwhile.
func (m *mailer) claim(ctx context.Context, mailID int64) (*mail.Message, error) {
	var message *mail.Message
	err := m.db.Write(ctx, func(tx *store.Tx) error {
		message = nil
		row, err := tx.OutgoingMail.Get(ctx, mailID)
		if store.IsNotFound(err) || err == nil && row.SentAt != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the mail: %w", err)
		}
		free := outgoingmail.ClaimedAtIsNil()
		if row.ClaimedAt != nil {
			if tx.Now.Sub(*row.ClaimedAt) < claimLife {
				return bus.Later(errClaimed)
			}
			free = outgoingmail.ClaimedAt(*row.ClaimedAt)
		}
		if message, err = m.write(ctx, tx, row); err != nil {
			return err
		}
		update := tx.OutgoingMail.Update().Where(outgoingmail.ID(mailID), free, outgoingmail.SentAtIsNil())
		if message == nil {
			update.SetSentAt(tx.Now)
		} else {
			update.SetClaimedAt(tx.Now)
		}
		claimed, err := update.Save(ctx)
		if err != nil {
			return err
		}
		if claimed == 0 {
			return store.ErrRaceLost
		}
		return forgetMails(ctx, tx)
	})
	return message, err
}

// forgetMails deletes mails that bound nothing any more, and links that are good for nothing.
func forgetMails(ctx context.Context, tx *store.Tx) error {
	_, err := tx.OutgoingMail.Delete().Where(outgoingmail.IDLT(id.At(tx.Now.Add(-mailPatience))), outgoingmail.SentAtNotNil()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("delete old mails: %w", err)
	}
	return forgetEmailTokens(ctx, tx)
}
