/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.linearizability;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Looks for an order of operations that explains a history: the algorithm of Wing and Gong, with Lowe's memory of
/// the states that led nowhere.
final class Linearizability {
    private Linearizability() {}

    /// What an operation does to a state.
    ///
    /// @param <S> a state, immutable, with equality
    /// @param <O> an operation with its outcome
    @FunctionalInterface
    interface Model<S, O> {
        /// The state after an operation, or null if it could not have had its outcome in the state before.
        S step(S state, O operation);
    }

    /// An operation between two ticks of a common clock.
    ///
    /// @param <O>    the operation with its outcome
    /// @param called tick before it began
    /// @param ended  tick after it ended
    record Timed<O>(O operation, long called, long ended) {}

    private static final class Event<O> {
        final int id;
        final O operation;
        final long tick;
        Event<O> end;
        Event<O> previous;
        Event<O> next;

        Event(final int id, final O operation, final long tick) {
            this.id = id;
            this.operation = operation;
            this.tick = tick;
        }

        boolean isCall() {
            return end != null;
        }

        void remove() {
            unlink();
            end.unlink();
        }

        private void unlink() {
            previous.next = next;
            if (next != null) {
                next.previous = previous;
            }
        }

        void restore() {
            end.link();
            link();
        }

        private void link() {
            previous.next = this;
            if (next != null) {
                next.previous = this;
            }
        }
    }

    private record Visited(BitSet taken, Object state) {}

    private record Choice<S, O>(Event<O> call, S before) {}

    /// Whether there is such an order.
    static <S, O> boolean holds(final Model<S, O> model, final S initial, final List<Timed<O>> history) {
        final Event<O> head = events(history);
        final ArrayDeque<Choice<S, O>> choices = new ArrayDeque<>();
        final Set<Visited> visited = new HashSet<>();
        final BitSet taken = new BitSet(history.size());
        S state = initial;
        Event<O> event = head.next;
        while (head.next != null) {
            if (event.isCall()) {
                final S after = model.step(state, event.operation);
                taken.set(event.id);
                if (after != null && visited.add(new Visited((BitSet) taken.clone(), after))) {
                    choices.push(new Choice<>(event, state));
                    state = after;
                    event.remove();
                    event = head.next;
                } else {
                    taken.clear(event.id);
                    event = event.next;
                }
            } else if (choices.isEmpty()) {
                return false;
            } else {
                // This operation ended and has no place yet: the last choice was wrong.
                final Choice<S, O> wrong = choices.pop();
                state = wrong.before();
                taken.clear(wrong.call().id);
                wrong.call().restore();
                event = wrong.call().next;
            }
        }
        return true;
    }

    private static <O> Event<O> events(final List<Timed<O>> history) {
        final List<Event<O>> events = new ArrayList<>();
        for (int id = 0; id < history.size(); id++) {
            final Timed<O> timed = history.get(id);
            final Event<O> call = new Event<>(id, timed.operation(), timed.called());
            call.end = new Event<>(id, timed.operation(), timed.ended());
            events.add(call);
            events.add(call.end);
        }
        // Where ticks are equal, calls come first: such operations overlap.
        events.sort(Comparator.<Event<O>>comparingLong(event -> event.tick).thenComparing(event -> !event.isCall()));
        final Event<O> head = new Event<>(-1, null, 0);
        Event<O> last = head;
        for (final Event<O> event : events) {
            event.previous = last;
            last.next = event;
            last = event;
        }
        return head;
    }
}
