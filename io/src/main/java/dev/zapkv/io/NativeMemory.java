/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// Off-heap memory that the kernel backs page by page: address space is cheap, pages come with the first touch.
public final class NativeMemory {
    private NativeMemory() {}

    /// Reserves zeroed private memory without backing it; closing the arena unmaps it.
    ///
    /// @param length bytes, positive
    /// @throws DeviceException if the address space is refused (overcommit policy, limits)
    public static MemorySegment reserve(final long length, final Arena arena) {
        final long address = Libc.mmap(
                length, Libc.PROT_READ_WRITE, Libc.MAP_PRIVATE | Libc.MAP_ANONYMOUS | Libc.MAP_NORESERVE, -1, 0);
        if (address < 0 && address > -4096) {
            throw new DeviceException(
                    "cannot reserve " + length + " bytes of address space (errno " + -address
                            + "): lower the memory budget, or check vm.overcommit_memory and ulimit -v",
                    (int) -address);
        }
        return Libc.mapping(address, length, arena);
    }

    /// The same memory with a life of its own, which must end before the memory's.
    public static MemorySegment lend(final MemorySegment memory, final Arena arena) {
        return Libc.view(memory.address(), memory.byteSize(), arena);
    }

    /// Gives the pages of a range back; it reads as zeros afterwards.
    public static void discard(final MemorySegment range) {
        final int result = Libc.madvise(range.address(), range.byteSize(), Libc.MADV_DONTNEED);
        if (result < 0) {
            throw new DeviceException("madvise(MADV_DONTNEED) failed, errno " + -result, -result);
        }
    }

    /// Asks for huge pages. A hint: kernels without them ignore it.
    ///
    /// @return whether the kernel accepted the hint
    public static boolean adviseHugePages(final MemorySegment range) {
        return Libc.madvise(range.address(), range.byteSize(), Libc.MADV_HUGEPAGE) == 0;
    }

    /// Touches every page of a range, so that later writers do not pay for it. A hint: older kernels ignore it.
    ///
    /// @return whether the pages are there
    public static boolean populate(final MemorySegment range) {
        return Libc.madvise(range.address(), range.byteSize(), Libc.MADV_POPULATE_WRITE) == 0;
    }

    /// A file mapped shared, whose pages outlive the process. Space must be allocated before it is touched: on a
    /// full file system touching unallocated space would kill the process.
    public static final class SharedFile implements AutoCloseable {
        private final Path path;
        private final int fd;
        private final Arena arena;
        private final MemorySegment memory;

        private SharedFile(final Path path, final int fd, final Arena arena, final MemorySegment memory) {
            this.path = path;
            this.fd = fd;
            this.arena = arena;
            this.memory = memory;
        }

        /// Opens or creates a file, makes it {@code length} bytes long (sparse) and maps it.
        ///
        /// @throws DeviceException with the errno of the call that failed
        public static SharedFile open(final Path path, final long length) {
            final int fd =
                    check(Libc.open(path.toString(), Libc.O_RDWR | Libc.O_CREAT | Libc.O_CLOEXEC, 0600), "open", path);
            try {
                check(Libc.ftruncate(fd, length), "ftruncate", path);
                return map(path, fd, length, Libc.PROT_READ_WRITE);
            } catch (final DeviceException e) {
                Libc.close(fd);
                throw e;
            }
        }

        /// Maps a file that is there, to be read alone.
        ///
        /// @param length of the file in bytes; it must not become shorter
        /// @throws DeviceException with the errno of the call that failed
        public static SharedFile openReadOnly(final Path path, final long length) {
            final int fd = check(Libc.open(path.toString(), Libc.O_RDONLY | Libc.O_CLOEXEC, 0), "open", path);
            try {
                return map(path, fd, length, Libc.PROT_READ);
            } catch (final DeviceException e) {
                Libc.close(fd);
                throw e;
            }
        }

        private static SharedFile map(final Path path, final int fd, final long length, final int protection) {
            final long address = Libc.mmap(length, protection, Libc.MAP_SHARED, fd, 0);
            check(address < 0 && address > -4096 ? (int) address : 0, "mmap", path);
            final Arena arena = Arena.ofShared();
            final MemorySegment memory = Libc.mapping(address, length, arena);
            return new SharedFile(path, fd, arena, protection == Libc.PROT_READ ? memory.asReadOnly() : memory);
        }

        /// The whole mapping.
        public MemorySegment memory() {
            return memory;
        }

        /// Where the file lies.
        public Path path() {
            return path;
        }

        /// Locks the file until it is closed, against others who do.
        ///
        /// @return false if somebody has
        public boolean tryLock() {
            return Libc.flock(fd, Libc.LOCK_EXCLUSIVE_NOW) == 0;
        }

        /// Backs a range with space.
        ///
        /// @throws DeviceException with {@link DeviceException#ENOSPC} if there is none; nothing is lost
        public void allocate(final long offset, final long length) {
            check(Libc.fallocate(fd, 0, offset, length), "fallocate", path);
        }

        /// Gives the space behind a range back; it must not be touched until allocated again.
        public void punch(final long offset, final long length) {
            check(
                    Libc.fallocate(fd, Libc.FALLOC_FL_KEEP_SIZE | Libc.FALLOC_FL_PUNCH_HOLE, offset, length),
                    "fallocate(PUNCH_HOLE)",
                    path);
        }

        /// Unmaps and closes. The file stays. Idempotent; later access to the memory throws.
        @Override
        public void close() {
            if (arena.scope().isAlive()) {
                arena.close();
                check(Libc.close(fd), "close", path);
            }
        }

        private static int check(final int result, final String call, final Path path) {
            if (result < 0) {
                throw new DeviceException(call + " of " + path + " failed, errno " + -result, -result);
            }
            return result;
        }
    }
}
