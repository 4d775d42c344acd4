#if canImport(Glibc)
    #if canImport(FoundationEssentials)
        import FoundationEssentials
    #else
        import Foundation
    #endif

    import Glibc

    /// The library of Tests/faultshim, and the file through which it is told what to do while the gateway runs. Linux only.
    package final class FaultShim: Sendable {
        /// System calls that belong together.
        package enum Class: Int32, CaseIterable, Sendable {
            case write, sync, truncate, open, rename
        }

        private let descriptor: Int32
        private let control: String
        private let library: String

        // The layout is that of shim.c.
        private static let (failClass, failAt, failErrno, full, clock, hits, counts, prefix) = (
            0, 4, 8, 12, 16, 24, 28, 48
        )
        private static let size = 560

        /// - Parameter prefix: only files whose path begins so are touched.
        package init(_ directory: TemporaryDirectory, prefix: String) async throws {
            library = try await FaultShim.build("shim", directory)
            control = directory.file("shim.control")
            descriptor = Glibc.open(control, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0, ftruncate(descriptor, off_t(FaultShim.size)) == 0 else {
                throw TestKitError("no control file for the fault shim")
            }
            store(Int32(-1), at: FaultShim.failClass)
            let text = Array(prefix.utf8.prefix(511)) + [0]
            _ = pwrite(descriptor, text, text.count, off_t(FaultShim.prefix))
        }

        /// Makes a library of a file in Tests/faultshim.
        static func build(_ name: String, _ directory: TemporaryDirectory) async throws -> String {
            let library = directory.file(name + ".so")
            let source = Products.checkout + "/Tests/faultshim/\(name).c"
            let built = try await Program.run(
                "/usr/bin/env", ["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"],
                environment: ProcessInfo.processInfo.environment)
            guard built.exit == .code(0) else { throw TestKitError("\(source) cannot be built: \(built.errors)") }
            return library
        }

        deinit { close(descriptor) }

        /// What becomes the gateway.
        package var launcher: [String] {
            ["/usr/bin/env", "LD_PRELOAD=\(library)", "STONEGATE_FAULT_SHIM=\(control)"]
        }

        /// What becomes the gateway under a kernel that does not know this system call.
        package func launcher(missing call: Int) -> [String] {
            launcher + ["STONEGATE_FAULT_SHIM_MISSING=\(call)"]
        }

        private func store<Value>(_ value: Value, at offset: Int) {
            withUnsafeBytes(of: value) { _ = pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        }

        private func load(_ offset: Int) -> Int32 {
            var value: Int32 = 0
            withUnsafeMutableBytes(of: &value) { _ = pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
            return value
        }

        /// Lets one call of a class fail: the `at`-th from now on. Error 0 lets a write do only half of its work.
        package func fail(_ which: Class, at number: Int, errno code: Int32) {
            store(Int32(-1), at: FaultShim.failClass)
            store(Int32(0), at: FaultShim.hits)
            store(Int32(0), at: FaultShim.counts + 4 * Int(which.rawValue))
            store(code, at: FaultShim.failErrno)
            store(Int32(number), at: FaultShim.failAt)
            store(which.rawValue, at: FaultShim.failClass)
        }

        package func heal() {
            store(Int32(-1), at: FaultShim.failClass)
            store(Int32(0), at: FaultShim.full)
        }

        package func setFull(_ isFull: Bool) { store(Int32(isFull ? 1 : 0), at: FaultShim.full) }

        /// How far the wall clock is from the real one.
        package func setClock(_ offset: Duration) {
            let (seconds, attoseconds) = offset.components
            store(seconds * 1_000_000_000 + attoseconds / 1_000_000_000, at: FaultShim.clock)
        }

        /// Failures that were made since ``fail(_:at:errno:)``.
        package var madeFailures: Int { Int(load(FaultShim.hits)) }

        package func count(_ which: Class) -> Int { Int(load(FaultShim.counts + 4 * Int(which.rawValue))) }
    }
#endif
