#include "tracker/pipeline/xa_transactions.h"

#include <algorithm>
#include <utility>

namespace rowtide::pipeline {

void XaTransactions::clear() {
  open_.reset();
  again_.reset();
}

void XaTransactions::begin(std::string xid, const binlog::Position& before, std::string file) {
  open_ = binlog::PreparedXa{.xid = std::move(xid),
                             .gtids = before.gtids,
                             .file = before.file,
                             .offset = before.offset,
                             .has_rows = false};
  held_.begin(std::move(file));
}

void XaTransactions::prepare(std::string xid, binlog::Position& position) {
  binlog::PreparedXa prepared = std::exchange(open_, std::nullopt).value_or(binlog::PreparedXa{});
  prepared.xid = std::move(xid);
  held_.keep(prepared.xid, held_.take_open());
  position.prepared.push_back(std::move(prepared));
}

XaTransactions::Outcome XaTransactions::read_again(const binlog::PreparedXa& prepared,
                                                   const binlog::BinlogCoordinates& end) {
  again_ =
      Again{.xid = prepared.xid, .from = {prepared.gtids, prepared.file, prepared.offset, {}}, .end = end};
  return {.step = Step::ReadAgain};
}

XaTransactions::Outcome XaTransactions::commit_in_one_phase(std::string xid,
                                                            const binlog::BinlogCoordinates& end) {
  HeldRows::Transaction held = held_.take_open();
  binlog::PreparedXa prepared = std::exchange(open_, std::nullopt).value_or(binlog::PreparedXa{});
  prepared.xid = std::move(xid);
  if (!prepared.has_rows) return {};
  if (!held.is_complete) return read_again(prepared, end);
  return {.step = Step::Deliver, .held = std::move(held)};
}

std::optional<XaTransactions::Outcome> XaTransactions::finish(std::string_view xid, bool is_commit,
                                                              const binlog::BinlogCoordinates& end,
                                                              binlog::Position& position) {
  const auto prepared = std::find_if(position.prepared.begin(), position.prepared.end(),
                                     [xid](const binlog::PreparedXa& each) { return each.xid == xid; });
  if (prepared == position.prepared.end()) return std::nullopt;
  HeldRows::Transaction held = held_.take(prepared->xid);
  const bool has_rows = is_commit && prepared->has_rows;
  // It stays prepared until its rows have come: a restart before that must know it.
  if (has_rows && !held.is_complete) return read_again(*prepared, end);
  if (has_rows) return Outcome{.step = Step::Deliver, .held = std::move(held)};
  position.prepared.erase(prepared);
  return Outcome{};
}

void XaTransactions::delivered(std::string_view xid, binlog::Position& position) {
  std::erase_if(position.prepared, [xid](const binlog::PreparedXa& each) { return each.xid == xid; });
}

binlog::BinlogCoordinates XaTransactions::end_reading(binlog::Position& position) {
  const Again done = *std::exchange(again_, std::nullopt);
  delivered(done.xid, position);
  return done.end;
}

}  // namespace rowtide::pipeline
