/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.command.IdleEngine;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// An engine that answers with what the test says: answers are used up one by one, then everything succeeds with 0.
final class FakeEngine implements PassthroughEngine, IdleEngine {
    final MemorySegment commands;
    final List<Integer> started = new ArrayList<>();
    final List<Integer> bufferIndices = new ArrayList<>();
    final List<Integer> dataLengths = new ArrayList<>();
    final List<Long> blocks = new ArrayList<>();
    private final Deque<long[]> answers = new ArrayDeque<>();
    private final Deque<Integer> pending = new ArrayDeque<>();
    private final PassthroughCommand view = new PassthroughCommand();
    long registrationMax = Long.MAX_VALUE;
    int refusedFrom = Integer.MAX_VALUE;
    int registered;

    FakeEngine(final MemorySegment commands) {
        this.commands = commands;
    }

    FakeEngine answer(final int status, final long result) {
        answers.add(new long[] {status, result});
        return this;
    }

    @Override
    public void start(final int slot, final int bufferIndex) {
        view.wrap(commands, PassthroughEngine.offset(slot));
        started.add(view.opcode());
        dataLengths.add(view.dataLength());
        blocks.add(view.startBlock());
        bufferIndices.add(bufferIndex);
        pending.add(slot);
    }

    @Override
    public int poll(final Completion completion) {
        int count = 0;
        for (int i = pending.size(); i > 0; i--) {
            final long[] answer = answers.isEmpty() ? new long[] {0, 0} : answers.remove();
            completion.onCommand(pending.remove(), (int) answer[0], answer[1]);
            count++;
        }
        return count;
    }

    @Override
    public long registrationMax() {
        return registrationMax;
    }

    @Override
    public int register(final MemorySegment memory) {
        return registered == refusedFrom ? -12 : registered++;
    }

    @Override
    public void unregister(final int index) {
        registered--;
    }
}
