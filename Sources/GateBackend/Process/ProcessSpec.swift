/// What to start, down to the last byte: nothing is looked up, expanded or inherited.
package struct ProcessSpec: Sendable {
    /// An absolute path. ``CommandResolver`` makes one out of `npx`, `./x` or `~/x`.
    package var executable: String
    /// The arguments after the program's name; the name the child sees is ``executable``.
    package var arguments: [String]
    /// The whole environment of the child, in this order. ``ChildEnvironment`` builds one.
    package var environment: [(name: String, value: String)]
    /// An absolute path.
    package var workingDirectory: String
    package var limits: ProcessLimits
    /// A variable by which its descendants are known, wherever they went.
    package var mark: ProcessMark?
    package var sandbox: Sandbox?

    package init(
        executable: String, arguments: [String] = [], environment: [(name: String, value: String)] = [],
        workingDirectory: String = "/", limits: ProcessLimits = ProcessLimits()
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.limits = limits
    }
}

/// Resource limits of a child (setrlimit). `nil` leaves a limit as it is; none is ever raised. Core dumps are always off.
package struct ProcessLimits: Sendable, Equatable {
    package var openFiles: UInt64?
    /// Bytes of address space. Programs with a garbage collector reserve far more than they use.
    package var addressSpace: UInt64?
    /// Processes and threads of the user the child runs as, not of the child alone.
    package var processes: UInt64?
    /// Bytes of the largest file the child may write.
    package var fileSize: UInt64?
    /// Seconds of processor time, of each process.
    package var cpuSeconds: UInt64?

    package init(
        openFiles: UInt64? = 1024, addressSpace: UInt64? = nil, processes: UInt64? = nil, fileSize: UInt64? = nil
    ) {
        self.openFiles = openFiles
        self.addressSpace = addressSpace
        self.processes = processes
        self.fileSize = fileSize
    }
}
