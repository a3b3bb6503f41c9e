/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// The system calls in use, through the C library: the only class of the project with FFM downcalls. Every
/// method returns the call's result, or {@code -errno}; none throws for an error of the system. 64-bit Linux
/// only.
@SuppressWarnings("restricted") // downcalls are what this class is for
public final class Libc {
    /// {@code PROT_READ}.
    public static final int PROT_READ = 1;
    /// {@code PROT_READ | PROT_WRITE}.
    public static final int PROT_READ_WRITE = 3;
    /// {@code MAP_SHARED}.
    public static final int MAP_SHARED = 0x01;
    /// {@code MAP_PRIVATE}.
    public static final int MAP_PRIVATE = 0x02;
    /// {@code MAP_ANONYMOUS}.
    public static final int MAP_ANONYMOUS = 0x20;
    /// {@code MAP_NORESERVE}.
    public static final int MAP_NORESERVE = 0x4000;
    /// {@code MAP_POPULATE}.
    public static final int MAP_POPULATE = 0x8000;
    /// {@code MADV_DONTNEED}.
    public static final int MADV_DONTNEED = 4;
    /// {@code MADV_HUGEPAGE}.
    public static final int MADV_HUGEPAGE = 14;
    /// {@code MADV_POPULATE_WRITE} (Linux 5.14).
    public static final int MADV_POPULATE_WRITE = 23;
    /// {@code O_RDONLY}.
    public static final int O_RDONLY = 0;
    /// {@code O_RDWR}.
    public static final int O_RDWR = 2;
    /// {@code O_WRONLY}.
    public static final int O_WRONLY = 1;
    /// {@code O_CREAT}.
    public static final int O_CREAT = 0x40;
    /// {@code O_EXCL}.
    public static final int O_EXCL = 0x80;
    /// {@code O_DIRECT}; its value differs between processors.
    public static final int O_DIRECT = System.getProperty("os.arch").equals("aarch64") ? 0x10000 : 0x4000;
    /// {@code O_DIRECTORY}; its value differs between processors.
    public static final int O_DIRECTORY = System.getProperty("os.arch").equals("aarch64") ? 0x4000 : 0x10000;
    /// {@code O_CLOEXEC}.
    public static final int O_CLOEXEC = 0x80000;
    /// {@code EFD_CLOEXEC}.
    public static final int EFD_CLOEXEC = 0x80000;
    /// {@code LOCK_SH | LOCK_NB}.
    public static final int LOCK_SHARED_NOW = 1 | 4;
    /// {@code LOCK_EX | LOCK_NB}.
    public static final int LOCK_EXCLUSIVE_NOW = 2 | 4;
    /// {@code SEEK_DATA}.
    public static final int SEEK_DATA = 3;
    /// To the end of a file.
    public static final int SEEK_END = 2;
    /// {@code FALLOC_FL_KEEP_SIZE}.
    public static final int FALLOC_FL_KEEP_SIZE = 1;
    /// {@code FALLOC_FL_PUNCH_HOLE}.
    public static final int FALLOC_FL_PUNCH_HOLE = 2;

    private static final int AT_FDCWD = -100;

    // System call numbers: the same on every 64-bit architecture Java runs on.
    private static final long SYS_IO_URING_SETUP = 425;
    private static final long SYS_IO_URING_ENTER = 426;
    private static final long SYS_IO_URING_REGISTER = 427;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> ERRNO_STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final AddressLayout POINTER = ValueLayout.ADDRESS;

    private static final MethodHandle MMAP =
            downcall("mmap", FunctionDescriptor.of(LONG, LONG, LONG, INT, INT, INT, LONG));
    private static final MethodHandle MUNMAP = downcall("munmap", FunctionDescriptor.of(INT, LONG, LONG));
    private static final MethodHandle MADVISE = downcall("madvise", FunctionDescriptor.of(INT, LONG, LONG, INT));
    private static final MethodHandle OPEN =
            downcall("open", FunctionDescriptor.of(INT, POINTER, INT, INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = downcall("close", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle FALLOCATE =
            downcall("fallocate", FunctionDescriptor.of(INT, INT, INT, LONG, LONG));
    private static final MethodHandle FTRUNCATE = downcall("ftruncate", FunctionDescriptor.of(INT, INT, LONG));
    private static final MethodHandle FSYNC = downcall("fsync", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle FDATASYNC = downcall("fdatasync", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle SYNCFS = downcall("syncfs", FunctionDescriptor.of(INT, INT));
    private static final MethodHandle PREAD = downcall("pread", FunctionDescriptor.of(LONG, INT, LONG, LONG, LONG));
    private static final MethodHandle PWRITE = downcall("pwrite", FunctionDescriptor.of(LONG, INT, LONG, LONG, LONG));
    private static final MethodHandle PREAD_SEGMENT =
            downcall("pread", FunctionDescriptor.of(LONG, INT, POINTER, LONG, LONG));
    private static final MethodHandle WRITE = downcall("write", FunctionDescriptor.of(LONG, INT, LONG, LONG));
    private static final MethodHandle LSEEK = downcall("lseek", FunctionDescriptor.of(LONG, INT, LONG, INT));
    private static final MethodHandle IOCTL =
            downcall("ioctl", FunctionDescriptor.of(INT, INT, LONG, LONG), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle FCNTL =
            downcall("fcntl", FunctionDescriptor.of(INT, INT, INT, LONG), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle TRUNCATE = downcall("truncate", FunctionDescriptor.of(INT, POINTER, LONG));
    private static final MethodHandle FLOCK = downcall("flock", FunctionDescriptor.of(INT, INT, INT));
    private static final MethodHandle STATFS = downcall("statfs", FunctionDescriptor.of(INT, POINTER, LONG));
    private static final MethodHandle STATX =
            downcall("statx", FunctionDescriptor.of(INT, INT, POINTER, INT, INT, LONG));
    private static final MethodHandle EVENTFD = downcall("eventfd", FunctionDescriptor.of(INT, INT, INT));
    // The C library has no wrapper for these. All arguments travel as longs: the kernel narrows them itself.
    private static final MethodHandle SYSCALL_2 =
            downcall("syscall", FunctionDescriptor.of(LONG, LONG, LONG, LONG), Linker.Option.firstVariadicArg(1));
    private static final MethodHandle SYSCALL_4 = downcall(
            "syscall", FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG), Linker.Option.firstVariadicArg(1));
    private static final MethodHandle SYSCALL_6 = downcall(
            "syscall",
            FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG),
            Linker.Option.firstVariadicArg(1));

    private Libc() {}

    /// {@code mmap(2)} at an address the kernel chooses.
    public static long mmap(final long length, final int protection, final int flags, final int fd, final long offset) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((long) MMAP.invokeExact(state, 0L, length, protection, flags, fd, offset), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code munmap(2)}.
    public static int munmap(final long address, final long length) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) MUNMAP.invokeExact(state, address, length), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code madvise(2)}.
    public static int madvise(final long address, final long length, final int advice) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) MADVISE.invokeExact(state, address, length, advice), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code open(2)}; {@code mode} is used when the call creates the file.
    public static int open(final String path, final int flags, final int mode) {
        final MemorySegment state = ERRNO_STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            return result((int) OPEN.invokeExact(state, arena.allocateFrom(path), flags, mode), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code close(2)}.
    public static int close(final int fd) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) CLOSE.invokeExact(state, fd), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code fallocate(2)}.
    public static int fallocate(final int fd, final int mode, final long offset, final long length) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) FALLOCATE.invokeExact(state, fd, mode, offset, length), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code ftruncate(2)}.
    public static int ftruncate(final int fd, final long length) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) FTRUNCATE.invokeExact(state, fd, length), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code fsync(2)}.
    public static int fsync(final int fd) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) FSYNC.invokeExact(state, fd), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code syncfs(2)}: everything that was written to the file system a file lies on.
    public static int syncfs(final int fd) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) SYNCFS.invokeExact(state, fd), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code fdatasync(2)}.
    public static int fdatasync(final int fd) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) FDATASYNC.invokeExact(state, fd), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code pread(2)} into native memory.
    public static long pread(final int fd, final long address, final long length, final long offset) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((long) PREAD.invokeExact(state, fd, address, length, offset), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code pwrite(2)} from native memory.
    public static long pwrite(final int fd, final long address, final long length, final long offset) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((long) PWRITE.invokeExact(state, fd, address, length, offset), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code pread(2)} into a range of a native segment. Bounds and liveness are checked, and the segment
    /// cannot be freed while the call runs.
    ///
    /// @throws IndexOutOfBoundsException if the range does not lie in the segment
    /// @throws IllegalStateException     if the segment's arena is closed
    public static long pread(
            final int fd,
            final MemorySegment target,
            final long targetOffset,
            final long length,
            final long fileOffset) {
        final MemorySegment range = target.asSlice(targetOffset, length);
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((long) PREAD_SEGMENT.invokeExact(state, fd, range, length, fileOffset), state);
        } catch (final RuntimeException e) {
            throw e; // a closed arena, a heap segment
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code write(2)} from native memory.
    public static long write(final int fd, final long address, final long length) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((long) WRITE.invokeExact(state, fd, address, length), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code lseek(2)}.
    public static long lseek(final int fd, final long offset, final int whence) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((long) LSEEK.invokeExact(state, fd, offset, whence), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code ioctl(2)} with an address, or a number, as its argument.
    public static int ioctl(final int fd, final int request, final long argument) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) IOCTL.invokeExact(state, fd, Integer.toUnsignedLong(request), argument), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code fcntl(2)} with an address, or a number, as its argument.
    public static int fcntl(final int fd, final int command, final long argument) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) FCNTL.invokeExact(state, fd, command, argument), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code truncate(2)}.
    public static int truncate(final String path, final long length) {
        final MemorySegment state = ERRNO_STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            return result((int) TRUNCATE.invokeExact(state, arena.allocateFrom(path), length), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code flock(2)}.
    public static int flock(final int fd, final int operation) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) FLOCK.invokeExact(state, fd, operation), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code statfs(2)} into 120 bytes.
    public static int statfs(final String path, final long address) {
        final MemorySegment state = ERRNO_STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            return result((int) STATFS.invokeExact(state, arena.allocateFrom(path), address), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code statx(2)} of a path, symbolic links followed, into 256 bytes.
    public static int statx(final String path, final int mask, final long address) {
        final MemorySegment state = ERRNO_STATE.get();
        try (Arena arena = Arena.ofConfined()) {
            return result((int) STATX.invokeExact(state, AT_FDCWD, arena.allocateFrom(path), 0, mask, address), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code eventfd(2)}.
    public static int eventfd(final int initialValue, final int flags) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return result((int) EVENTFD.invokeExact(state, initialValue, flags), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code io_uring_setup(2)}.
    public static int ioUringSetup(final int entries, final long paramsAddress) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return (int) result(
                    (long) SYSCALL_2.invokeExact(state, SYS_IO_URING_SETUP, (long) entries, paramsAddress), state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code io_uring_enter2(2)}.
    public static int ioUringEnter(
            final int fd,
            final int toSubmit,
            final int minComplete,
            final int flags,
            final long argument,
            final long argumentSize) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return (int) result(
                    (long) SYSCALL_6.invokeExact(
                            state,
                            SYS_IO_URING_ENTER,
                            (long) fd,
                            (long) toSubmit,
                            (long) minComplete,
                            (long) flags,
                            argument,
                            argumentSize),
                    state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// {@code io_uring_register(2)}.
    public static int ioUringRegister(final int fd, final int operation, final long argument, final int count) {
        final MemorySegment state = ERRNO_STATE.get();
        try {
            return (int) result(
                    (long) SYSCALL_4.invokeExact(
                            state, SYS_IO_URING_REGISTER, (long) fd, (long) operation, argument, (long) count),
                    state);
        } catch (final Throwable t) {
            throw unexpected(t);
        }
    }

    /// A view of memory the kernel mapped, unmapped when the arena is closed.
    public static MemorySegment mapping(final long address, final long length, final Arena arena) {
        return MemorySegment.ofAddress(address).reinterpret(length, arena, s -> {
            final int unmapped = munmap(s.address(), length);
            assert unmapped == 0 : "munmap: errno=" + -unmapped;
        });
    }

    /// A view of memory, valid until the arena is closed, which must be before the memory goes.
    public static MemorySegment view(final long address, final long length, final Arena arena) {
        return MemorySegment.ofAddress(address).reinterpret(length, arena, null);
    }

    private static long result(final long value, final MemorySegment state) {
        return value == -1 ? -(int) ERRNO.get(state, 0L) : value;
    }

    private static int result(final int value, final MemorySegment state) {
        return value == -1 ? -(int) ERRNO.get(state, 0L) : value;
    }

    private static MethodHandle downcall(
            final String name, final FunctionDescriptor descriptor, final Linker.Option... options) {
        final Linker.Option[] all = new Linker.Option[options.length + 1];
        System.arraycopy(options, 0, all, 0, options.length);
        all[options.length] = Linker.Option.captureCallState("errno");
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor, all);
    }

    private static AssertionError unexpected(final Throwable t) {
        return new AssertionError("a downcall threw", t);
    }
}
