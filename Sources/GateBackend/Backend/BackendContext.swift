package import GateCore
package import GateProtocol
package import Logging
package import NIOCore

/// What all backends of a gateway share.
package struct BackendContext: Sendable {
    package let group: any EventLoopGroup
    package var logger: Logger
    /// The gateway's own environment: what children may inherit is chosen from it.
    package let environment: [String: String]
    package let spawnGate: SpawnGate
    /// What bytes that wait for backends and answers that have half arrived are counted in.
    package let budget: MemoryBudget
    package let eras: any EraMemory
    package var observer: any BackendObserver
    /// What the kernel can keep children from.
    package var sandboxSupport = SandboxSupport.current

    package init(
        group: any EventLoopGroup, logger: Logger, environment: [String: String], spawnGate: SpawnGate = SpawnGate(),
        budget: MemoryBudget = MemoryBudget(), eras: any EraMemory, observer: any BackendObserver
    ) {
        self.group = group
        self.logger = logger
        self.environment = environment
        self.spawnGate = spawnGate
        self.budget = budget
        self.eras = eras
        self.observer = observer
    }
}

/// Remembers which era a backend spoke, so that an old server is not killed by the same question at every start.
package protocol EraMemory: Sendable {
    func recall(_ identity: String) -> ProtocolEra?
    func remember(_ identity: String, _ era: ProtocolEra)
    func forgetEra(_ identity: String)
}
