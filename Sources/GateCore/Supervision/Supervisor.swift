/// Decides what happens to one backend: when it is started, retried, restarted or left alone. A value: its owner
/// feeds it events with the time and carries out the actions in the order given.
///
/// ```
/// disabled ─enable→ stopped ─start/wake→ starting ─ready→ running ⇄ degraded
///                      ↑                    │ failed        │ exited, 3 misses
///                   stopping ←─stop─────────┴───────────────┘
///                      └→ backingOff ─retryDue→ starting;   > 5 starts in 60 s → crashLooping ─once a minute→ starting
/// starting ─refused→ blocked ─start→ starting
/// ```
///
/// One process at a time: it asks for a `spawn` only after the earlier one is reported as ended (`exited`, `stopped`
/// or `connectFailed` without a process).
package struct Supervisor: Sendable {
    package struct Policy: Hashable, Sendable {
        /// Whether a backend that fails is started again without being asked.
        package var autoRestart: Bool
        /// Whether enabling it starts it at once. If not, the first call does.
        package var startsEagerly: Bool
        /// Missed health checks in a row after which it is restarted.
        package var missesBeforeRestart: Int
        /// A call that finds the backend waiting for its next start shortens the wait to this long after the failure.
        package var wakeDelay: Duration

        package init(
            autoRestart: Bool = true, startsEagerly: Bool = true, missesBeforeRestart: Int = 3,
            wakeDelay: Duration = .seconds(1)
        ) {
            self.autoRestart = autoRestart
            self.startsEagerly = startsEagerly
            self.missesBeforeRestart = max(1, missesBeforeRestart)
            self.wakeDelay = wakeDelay
        }
    }

    package enum State: String, Hashable, Sendable, CaseIterable {
        case disabled, starting, running, degraded
        case backingOff = "backing_off"
        case crashLooping = "crash_looping"
        case stopping, stopped
        /// It may not be started as it is configured; nothing but the operator can change that.
        case blocked

        /// Whether calls can be sent to it.
        package var acceptsCalls: Bool { self == .running || self == .degraded }
    }

    package enum Event: Hashable, Sendable {
        case enable
        case disable
        /// The operator, or the gateway at its start, wants it to run.
        case startRequested
        case restartRequested
        /// The operator wants it stopped: it stays so until it is asked to start.
        case stopRequested
        /// Nobody needs it: stopped until the next call.
        case idleStopRequested
        /// A call wants it.
        case wake
        /// The time of the last `scheduleRetry` has come.
        case retryDue
        /// The process is there (not sent by backends without one).
        case started
        /// It is initialised and takes calls.
        case ready
        /// The spawn, the connection or the handshake failed. Text for the operator.
        case connectFailed(String)
        case exited(ExitStatus)
        /// It can no longer be talked to, whatever has become of its process. Text for the operator.
        case lost(String)
        /// As things are it must not be started, and trying again is of no use. Text for the operator.
        case refused(String)
        /// What `stop` asked for is done and there was no exit status to report.
        case stopped
        case healthOK
        /// - Parameters:
        ///   - detail: what is known of the cause, for the operator.
        ///   - isBusy: it has calls to work on and none of them has run out of time, so the silence may be work: it is shown, but
        ///     leads to no restart.
        case healthMissed(detail: String? = nil, isBusy: Bool = false)
        /// Something is wrong with it that calls survive (text for the operator), or no longer is.
        case impaired(String?)
    }

    package enum Action: Hashable, Sendable {
        case spawn
        /// Stop it (the whole stop ladder), then report `exited` or `stopped`.
        case stop
        /// Send `retryDue` then. Replaces an earlier one.
        case scheduleRetry(at: Instant)
        case cancelRetry
        case announce(Change)
    }

    /// An event for log, status and `list_changed`.
    package struct Change: Hashable, Sendable {
        package let from: State
        package let to: State
        package let at: Instant
        package let reason: String

        /// The same, said of one of several instances.
        package func ofInstance(_ id: Int) -> Change {
            Change(from: from, to: to, at: at, reason: "instance \(id): \(reason)")
        }
    }

    enum AfterStop: Hashable, Sendable { case stay, sleep, start, retry, disable }

    package let policy: Policy
    package internal(set) var state: State
    /// Since when the state holds.
    package internal(set) var since: Instant
    /// Why it is in this state, for the operator.
    package internal(set) var reason: String
    /// Starts after the first one.
    package internal(set) var restarts = 0
    package internal(set) var nextRetry: Instant?
    package internal(set) var lastExit: ExitStatus?
    /// Missed health checks in a row.
    package internal(set) var misses = 0
    /// What is wrong with it although it answers.
    var impairment: String?

    var backoff: Backoff
    var budget: RestartBudget
    var hasStarted = false
    var hasProcess = false
    /// Whether the last failure was that it ended, rather than that it could not be used or was stopped.
    var endedByItself = false
    var healthySince: Instant?
    var afterStop = AfterStop.stay
    /// Whether a call may start it from `stopped`.
    var wakesOnCall: Bool

    /// - Parameter enabled: false starts it as `disabled`. An enabled one is `stopped` until `startRequested`.
    package init(
        policy: Policy = Policy(), enabled: Bool = true, backoff: Backoff = Backoff(),
        budget: RestartBudget = RestartBudget(), now: Instant
    ) {
        self.policy = policy
        self.backoff = backoff
        self.budget = budget
        state = enabled ? .stopped : .disabled
        since = now
        reason = enabled ? "not started yet" : Self.disabledReason
        wakesOnCall = enabled
    }

    static let disabledReason = "disabled in the configuration"
}

extension Supervisor {
    /// Whether a call starts it when it is stopped.
    package var startsForCalls: Bool { wakesOnCall }
}
