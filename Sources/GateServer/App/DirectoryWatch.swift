import Dispatch

#if os(Linux)
    import Glibc

    /// Tells when an entry of a directory was written to its end, or came or went: inotify.
    final class DirectoryWatch: Sendable {
        private static let events = UInt32(
            IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
                | IN_ONLYDIR)

        private let descriptor: Int32
        /// Dispatch sources may be used on any thread.
        nonisolated(unsafe) private let source: (any DispatchSourceRead)?

        /// - Parameter onEvent: called on any thread.
        init(_ onEvent: @escaping @Sendable () -> Void) {
            let descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
            self.descriptor = descriptor
            guard descriptor >= 0 else {
                source = nil
                return
            }
            let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
            source.setEventHandler {
                // What happened does not matter, that something did is enough.
                var isNews = false
                var buffer = [UInt8](repeating: 0, count: 16_384)
                while read(descriptor, &buffer, buffer.count) > 0 { isNews = true }
                if isNews { onEvent() }
            }
            source.setCancelHandler { close(descriptor) }
            self.source = source
            source.resume()
        }

        deinit { source?.cancel() }

        /// - Parameter file: not needed here: events of the directory tell of its files.
        /// - Returns: whether the directory is watched. One that is already stays so.
        func add(_ directory: String, file: String) -> Bool {
            descriptor >= 0 && inotify_add_watch(descriptor, directory, DirectoryWatch.events) >= 0
        }

        /// Nothing is told from here on.
        func stop() { source?.cancel() }
    }
#else
    import Darwin
    import Synchronization

    /// Tells when an entry of a directory came or went, or the file in it was written: kqueue.
    final class DirectoryWatch: Sendable {
        private struct State {
            var watched: [String: Watched] = [:]
        }

        private let onEvent: @Sendable () -> Void
        private let state = Mutex(State())

        /// - Parameter onEvent: called on any thread.
        init(_ onEvent: @escaping @Sendable () -> Void) { self.onEvent = onEvent }

        deinit { stop() }

        /// - Parameter file: watched itself, because a directory does not tell that one of its files was written.
        /// - Returns: whether the directory is watched.
        func add(_ directory: String, file: String) -> Bool {
            replace(file)
            return replace(directory)
        }

        @discardableResult private func replace(_ path: String) -> Bool {
            let descriptor = open(path, O_EVTONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return false }
            let source = Watched(descriptor, onEvent)
            state.withLock { $0.watched.updateValue(source, forKey: path) }?.cancel()
            return true
        }

        /// Nothing is told from here on.
        func stop() {
            let watched = state.withLock { state in
                defer { state.watched = [:] }
                return Array(state.watched.values)
            }
            for one in watched { one.cancel() }
        }
    }

    /// One file or directory that is watched.
    private final class Watched: Sendable {
        /// Dispatch sources may be used on any thread.
        nonisolated(unsafe) private let source: any DispatchSourceFileSystemObject

        init(_ descriptor: Int32, _ onEvent: @escaping @Sendable () -> Void) {
            source = DispatchSource.makeFileSystemObjectSource(
                fileDescriptor: descriptor, eventMask: [.write, .extend, .delete, .rename, .attrib], queue: .global())
            source.setEventHandler { onEvent() }
            source.setCancelHandler { close(descriptor) }
            source.resume()
        }

        func cancel() { source.cancel() }
    }
#endif
