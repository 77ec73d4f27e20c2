package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pulse-social/pulse/services/app"
)

// dlqCommand is about events that a consumer gave up.
type dlqCommand struct {
	List   dlqListCommand   `cmd:"" help:"List dead letters, oldest first."`
	Replay dlqReplayCommand `cmd:"" help:"Send dead letters to their consumers again."`
}

// Help says more than the one line.
func (dlqCommand) Help() string {
	return `An event that a consumer could not apply in PULSE_EVENT_TRIES tries becomes a dead letter. It stays one until it has
been replayed and its consumer has applied it.

Examples:
  pulse dlq list
  pulse dlq list --consumer user.counts --json
  pulse dlq replay 3815020713164800
  pulse dlq replay --all`
}

// dlqListCommand lists dead letters.
type dlqListCommand struct {
	Consumer string `help:"Only those of this consumer."`
	JSON     bool   `help:"Print a JSON object a line for programs."`
}

// Run implements the command.
func (c dlqListCommand) Run(ctx context.Context) error {
	return withLetters(ctx, func(l *app.Letters) error {
		letters, err := l.List(ctx, c.Consumer)
		if err != nil {
			return err
		}
		if c.JSON {
			encoder := json.NewEncoder(os.Stdout)
			for _, letter := range letters {
				if err := encoder.Encode(letter); err != nil {
					return err
				}
			}
			return nil
		}
		return printLetters(letters)
	})
}

func printLetters(letters []app.Letter) error {
	if len(letters) == 0 {
		fmt.Println("no dead letters")
		return nil
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tCONSUMER\tEVENT\tSINCE\tTRIES\tREPLAYED\tERROR")
	for _, l := range letters {
		replayed := "no"
		if l.Replayed != nil {
			replayed = l.Replayed.Format(time.RFC3339)
		}
		cause, _, _ := strings.Cut(l.Error, "\n")
		fmt.Fprintf(table, "%d\t%s\t%s %d\t%s\t%d\t%s\t%s\n", l.ID, l.Consumer, l.EventType, l.EventID, l.Since.Format(time.RFC3339), l.Tries, replayed, cause)
	}
	return table.Flush()
}

// dlqReplayCommand replays dead letters.
type dlqReplayCommand struct {
	IDs      []int64 `arg:"" optional:"" name:"id" help:"Ids of the letters."`
	All      bool    `help:"Replay all letters, or all of --consumer."`
	Consumer string  `help:"With --all: only those of this consumer."`
}

// Run implements the command.
func (c dlqReplayCommand) Run(ctx context.Context) error {
	if c.All == (len(c.IDs) > 0) {
		return errors.New("name the letters to replay, or use --all")
	}
	return withLetters(ctx, func(l *app.Letters) error {
		ids := c.IDs
		if c.All {
			letters, err := l.List(ctx, c.Consumer)
			if err != nil {
				return err
			}
			for _, letter := range letters {
				ids = append(ids, letter.ID)
			}
		}
		sent, err := l.Replay(ctx, ids)
		if err != nil {
			return err
		}
		fmt.Printf("%d letters are on their way to their consumers again; pulse dlq list shows what is left\n", sent)
		return nil
	})
}

// withLetters opens the dead letters of the configured database.
func withLetters(ctx context.Context, do func(*app.Letters) error) error {
	config, _, err := app.LoadConfig(os.LookupEnv)
	if err != nil {
		return err
	}
	letters, err := app.OpenLetters(ctx, config)
	if err != nil {
		return err
	}
	return errors.Join(do(letters), letters.Close())
}
