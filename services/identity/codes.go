package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/pulse-social/pulse/ent"
	"github.com/pulse-social/pulse/ent/recoverycode"
	"github.com/pulse-social/pulse/ent/totpsecret"
	errorsv1 "github.com/pulse-social/pulse/gen/pulse/errors/v1"
	"github.com/pulse-social/pulse/services/internal/audit"
	"github.com/pulse-social/pulse/services/internal/id"
	"github.com/pulse-social/pulse/services/internal/rpc"
	"github.com/pulse-social/pulse/services/internal/store"
)

const (
	// totpPeriod is how long a code of an app is shown (RFC 6238).
	totpPeriod = 30 * time.Second
	// totpSkew is how many periods the clock of an app may be off.
	totpSkew = 1
	// totpDigits is how long a code is.
	totpDigits = 6

	// accountTries and accountWindow bound the wrong codes of an account: whoever knows the password guesses one of a million
	// codes, three of which are good at a time, in four years on average. The owner is told in the first hour.
	accountTries  = 10
	accountWindow = time.Hour

	// recoveryCodes is how many recovery codes there are, recoveryChars how long each is: 80 bits, 5 each.
	recoveryCodes = 10
	recoveryChars = 16
	recoveryGroup = 4
)

// isTotp tells the code of an app from a recovery code.
func isTotp(code string) bool { return len(trimmed(code)) == totpDigits }

// trimmed is a code as it is compared: people type spaces and dashes as they like.
func trimmed(code string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
}

// spendTry counts a try of an app's code as a wrong one, in a transaction of its own before the code is looked at: of many
// tries at once, none goes uncounted. A code that is accepted makes the count zero again.
func (h *handler) spendTry(ctx context.Context, userID int64, code string) error {
	if !isTotp(code) {
		return nil // Nobody guesses 80 bits.
	}
	return h.db.Write(ctx, func(tx *store.Tx) error { return countTry(ctx, tx, userID) })
}

func countTry(ctx context.Context, tx *store.Tx, userID int64) error {
	row, err := secretOf(ctx, tx.Client, userID)
	if err != nil || row == nil {
		return err // Without a secret, no code is accepted.
	}
	unchanged := totpsecret.And(totpsecret.ID(userID), totpsecret.Failures(row.Failures))
	update := tx.TotpSecret.Update().Where(unchanged)
	switch {
	case row.FailingSince == nil || tx.Now.Sub(*row.FailingSince) >= accountWindow:
		update.SetFailures(1).SetFailingSince(tx.Now)
	case row.Failures >= accountTries:
		return rpc.Fail(errorsv1.Reason_REASON_SECOND_FACTOR_LIMIT_REACHED, "too many wrong codes were tried on this account: use a recovery code, or try again later").
			After(row.FailingSince.Add(accountWindow).Sub(tx.Now))
	default:
		update.AddFailures(1)
	}
	counted, err := update.Save(ctx)
	if err != nil {
		return err
	}
	if counted == 0 {
		return store.ErrRaceLost
	}
	if row.Failures+1 == accountTries {
		return notifyOwner(ctx, tx, mailCodesGuessed, userID)
	}
	return nil
}

// acceptCode uses up a code of a person's second factor: of the app, or a recovery code.
func (h *handler) acceptCode(ctx context.Context, tx *store.Tx, userID int64, code string) error {
	row, err := secretOf(ctx, tx.Client, userID)
	if err != nil {
		return err
	}
	if row == nil || row.ConfirmedAt == nil {
		return totpNotEnabled()
	}
	if isTotp(code) {
		return h.acceptTotp(ctx, tx, row, code)
	}
	used, err := tx.RecoveryCode.Delete().Where(recoverycode.UserID(userID), recoverycode.Hash(hashOfRecovery(userID, code))).Exec(ctx)
	if err != nil {
		return err
	}
	if used == 0 {
		return codeInvalid()
	}
	audit.RecordBy(ctx, tx, audit.RecoveryCodeUsed, userID, userID, nil)
	return nil
}

// acceptTotp uses up a code of an app: the time step that it is of, and all before, are good for nothing any more.
func (h *handler) acceptTotp(ctx context.Context, tx *store.Tx, row *ent.TotpSecret, code string) error {
	secret, err := h.keyring.open(ctx, tx.Client, sealedFor(row.ID), row.SealedSecret)
	if err != nil {
		return err
	}
	step, err := stepOf(string(secret), trimmed(code), tx.Now)
	if err != nil {
		return err
	}
	if step <= row.UsedStep {
		return codeInvalid()
	}
	// The secret is compared too: another one may have taken its place meanwhile.
	used, err := tx.TotpSecret.Update().
		Where(totpsecret.ID(row.ID), totpsecret.UsedStepLT(step), totpsecret.SealedSecret(row.SealedSecret)).
		SetUsedStep(step).SetFailures(0).ClearFailingSince().Save(ctx)
	if err == nil && used == 0 {
		err = store.ErrRaceLost
	}
	return err
}

// stepOf answers the time step that a code is of, 0 when it is of none that is good now.
func stepOf(secret, code string, now time.Time) (int64, error) {
	period := int64(totpPeriod / time.Second)
	current := now.Unix() / period
	found := int64(0)
	for step := current - totpSkew; step <= current+totpSkew; step++ {
		right, err := totp.GenerateCode(secret, time.Unix(step*period, 0))
		if err != nil {
			return 0, fmt.Errorf("make the code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(right), []byte(code)) == 1 {
			found = step
		}
	}
	return found, nil
}

func codeInvalid() error {
	return rpc.Fail(errorsv1.Reason_REASON_SECOND_FACTOR_CODE_INVALID, "this code is wrong, too old, or was used before: wait for the next one that the app shows, or use a recovery code")
}

// drawRecoveryCodes draws a person's recovery codes in the place of those before.
func drawRecoveryCodes(ctx context.Context, tx *store.Tx, userID int64) ([]string, error) {
	if _, err := tx.RecoveryCode.Delete().Where(recoverycode.UserID(userID)).Exec(ctx); err != nil {
		return nil, err
	}
	codes, rows := make([]string, recoveryCodes), make([]*ent.RecoveryCodeCreate, recoveryCodes)
	for i := range codes {
		code := rand.Text()[:recoveryChars] // Base32, 5 bits each.
		rows[i] = tx.RecoveryCode.Create().SetID(tx.NewID()).SetUserID(userID).SetHash(hashOfRecovery(userID, code))
		codes[i] = grouped(code)
	}
	if err := tx.RecoveryCode.CreateBulk(rows...).Exec(ctx); err != nil {
		return nil, fmt.Errorf("write the recovery codes: %w", err)
	}
	return codes, nil
}

// grouped writes a recovery code for people to copy.
func grouped(code string) string {
	var groups []string
	for ; len(code) > recoveryGroup; code = code[recoveryGroup:] {
		groups = append(groups, code[:recoveryGroup])
	}
	return strings.ToLower(strings.Join(append(groups, code), "-"))
}

// hashOfRecovery is how a recovery code is kept: with 80 random bits it needs no slow hash.
func hashOfRecovery(userID int64, code string) []byte {
	sum := sha256.Sum256([]byte("recovery code of " + id.String(userID) + " " + trimmed(code)))
	return sum[:]
}
