import CSpawn
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A small second process that ends all children, and theirs, when this program is killed without a chance to do so.
package enum Guardian {
    private static let descriptor = Mutex<Int32>(-1)

    /// Call it as the first statement of the program, before anything can have started a thread. A second call does
    /// nothing. Without a guardian everything works, but a killed gateway leaves grandchildren behind.
    package static func start() throws(SpawnFailure) {
        let error: Int32 = descriptor.withLock {
            guard $0 < 0 else { return 0 }
            let fd = csp_guardian_start()
            guard fd >= 0 else { return errno }
            $0 = fd
            return 0
        }
        if error != 0 { throw .resources(error, "start the guardian process") }
    }

    /// For the spawner: the child itself registers before it runs the program. -1 without a guardian.
    static var registrationDescriptor: Int32 { descriptor.withLock { $0 } }

    static func forget(session: Int32) {
        let fd = registrationDescriptor
        if fd >= 0 { _ = csp_guardian_tell(fd, false, session, 0) }
    }
}
