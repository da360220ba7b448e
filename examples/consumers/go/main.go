// Prints the changes of topics until SIGINT or SIGTERM: print-changes BOOTSTRAP GROUP TOPIC...
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/twmb/franz-go/pkg/kgo"
)

// What this program reads of a debezium-json record.
type change struct {
	Op     string          `json:"op"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	DDL    json.RawMessage `json:"ddl"`
	Source struct {
		Database string `json:"db"`
		Table    string `json:"table"`
	} `json:"source"`
}

func handle(record *kgo.Record) error {
	if record.Value == nil { // a tombstone
		return nil
	}
	var it change
	if err := json.Unmarshal(record.Value, &it); err != nil {
		return fmt.Errorf("%s/%d at %d: %w", record.Topic, record.Partition, record.Offset, err)
	}
	if it.DDL != nil {
		fmt.Printf("schema %s %s\n", it.Source.Database, it.DDL)
		return nil
	}
	row := it.After
	if it.Op == "d" {
		row = it.Before
	}
	fmt.Printf("%s %s.%s %s\n", it.Op, it.Source.Database, it.Source.Table, row)
	return nil
}

func run(ctx context.Context, bootstrap, group string, topics []string) error {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(bootstrap),
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topics...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll()) // no partition changes hands between its records and their commit
	if err != nil {
		return err
	}
	defer client.CloseAllowingRebalance()
	for ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			break
		}
		for _, failed := range fetches.Errors() {
			return fmt.Errorf("%s/%d: %w", failed.Topic, failed.Partition, failed.Err)
		}
		for records := fetches.RecordIter(); !records.Done(); {
			if err := handle(records.Next()); err != nil {
				return err
			}
		}
		if err := client.CommitUncommittedOffsets(context.Background()); err != nil {
			return err
		}
		client.AllowRebalance()
	}
	return nil
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: print-changes BOOTSTRAP GROUP TOPIC...")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
