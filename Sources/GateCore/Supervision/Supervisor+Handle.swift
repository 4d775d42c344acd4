extension Supervisor {
    /// Takes an event and says what to do. An event that makes no sense in the present state does nothing.
    ///
    /// - Parameter random: a uniform number in 0..<1, for the jitter of the backoff.
    package mutating func handle(_ event: Event, now: Instant, random: Double) -> [Action] {
        switch event {
        case .enable: enable(now: now)
        case .disable: disable(now: now)
        case .startRequested: start(now: now)
        case .restartRequested: restart(now: now)
        case .stopRequested: stop(after: .stay, reason: "stopped by the operator", now: now)
        case .idleStopRequested:
            state.acceptsCalls ? stop(after: .sleep, reason: "idle; starts on the next call", now: now) : []
        case .wake: wake(now: now)
        case .retryDue: retryDue(now: now)
        case .started: started()
        case .ready: ready(now: now)
        case .connectFailed(let text): connectFailed(text, now: now, random: random)
        case .exited(let status): ended(status, now: now, random: random)
        case .lost(let text): lost(text, now: now, random: random)
        case .refused(let text): refused(text, now: now, random: random)
        case .stopped: ended(nil, now: now, random: random)
        case .healthOK: healthOK(now: now)
        case .healthMissed(let detail, let isBusy): healthMissed(detail, isBusy: isBusy, now: now)
        case .impaired(let text): impaired(text, now: now)
        }
    }

    // MARK: What the operator and callers want

    private mutating func enable(now: Instant) -> [Action] {
        if state == .stopping, afterStop == .disable {
            afterStop = policy.startsEagerly ? .start : .sleep
            reason = "enabled"
            return []
        }
        guard state == .disabled else { return [] }
        wakesOnCall = true
        let change = move(to: .stopped, "enabled", now: now)
        return [change] + (policy.startsEagerly ? spawn("enabled", now: now) : [])
    }

    private mutating func disable(now: Instant) -> [Action] {
        state == .disabled ? [] : stop(after: .disable, reason: Self.disabledReason, now: now)
    }

    private mutating func start(now: Instant) -> [Action] {
        switch state {
        case .disabled, .starting, .running, .degraded:
            return []
        case .stopping:
            guard afterStop != .disable else { return [] }
            afterStop = .start
            reason = "start requested"
            forgive()
            return []
        case .stopped, .backingOff, .crashLooping, .blocked:
            forgive()
            return spawn("start requested", now: now)
        }
    }

    private mutating func restart(now: Instant) -> [Action] {
        guard state == .starting || state.acceptsCalls else { return start(now: now) }
        forgive()
        return stop(after: .start, reason: "restart requested", now: now)
    }

    private mutating func stop(after: AfterStop, reason: String, now: Instant) -> [Action] {
        switch state {
        case .disabled:
            return []
        case .stopping:
            // Never softer than what was already asked for.
            if afterStop != .disable, after == .stay || after == .disable {
                afterStop = after
                self.reason = reason
            }
            return []
        case .starting, .running, .degraded:
            afterStop = after
            return [move(to: .stopping, reason, now: now), .stop]
        case .stopped, .backingOff, .crashLooping, .blocked:
            let cancel: [Action] = nextRetry == nil ? [] : [.cancelRetry]
            wakesOnCall = false
            let target: State = after == .disable ? .disabled : .stopped
            if state == target {
                self.reason = reason
                return cancel
            }
            return cancel + [move(to: target, reason, now: now)]
        }
    }

    private mutating func wake(now: Instant) -> [Action] {
        switch state {
        case .stopped where wakesOnCall:
            return spawn("started for a call", now: now)
        case .backingOff:
            // Callers shorten a long wait but cannot burn the whole budget within milliseconds.
            let earliest = since.advanced(by: policy.wakeDelay)
            guard let planned = nextRetry, earliest < planned else { return [] }
            if earliest <= now { return spawn("started for a call", now: now) }
            nextRetry = earliest
            return [.scheduleRetry(at: earliest)]
        default:
            return []
        }
    }

    private mutating func retryDue(now: Instant) -> [Action] {
        guard state == .backingOff || state == .crashLooping, let due = nextRetry, now >= due else { return [] }
        nextRetry = nil
        return spawn(state == .crashLooping ? "trying once a minute" : "trying again", now: now)
    }

    // MARK: What the backend does

    private mutating func started() -> [Action] {
        if state == .starting || state == .stopping { hasProcess = true }
        return []
    }

    private mutating func ready(now: Instant) -> [Action] {
        guard state == .starting else { return [] }
        healthySince = now
        misses = 0
        return [move(to: .running, "ready", now: now)]
    }

    private mutating func connectFailed(_ text: String, now: Instant, random: Double) -> [Action] {
        switch state {
        case .starting, .running, .degraded:
            guard hasProcess else { return failed(text, now: now, random: random) }
            afterStop = .retry
            return [move(to: .stopping, text, now: now), .stop]
        case .stopping:
            return hasProcess ? [] : afterStopping(now: now, random: random)
        case .disabled, .backingOff, .crashLooping, .stopped, .blocked:
            return []
        }
    }

    private mutating func ended(_ status: ExitStatus?, now: Instant, random: Double) -> [Action] {
        switch state {
        case .stopping:
            if let status { lastExit = status }
            return afterStopping(now: now, random: random)
        case .starting, .running, .degraded:
            let exit = status ?? .disconnected
            lastExit = exit
            endedByItself = true
            let when = state == .starting ? "ended before it was ready" : "ended"
            return failed("\(when): \(exit)", now: now, random: random)
        case .disabled, .backingOff, .crashLooping, .stopped, .blocked:
            return []
        }
    }

    private mutating func lost(_ text: String, now: Instant, random: Double) -> [Action] {
        switch state {
        case .stopping:
            return afterStopping(now: now, random: random)
        case .starting, .running, .degraded:
            lastExit = .disconnected
            endedByItself = true
            return failed(text, now: now, random: random)
        case .disabled, .backingOff, .crashLooping, .stopped, .blocked:
            return []
        }
    }

    private mutating func refused(_ text: String, now: Instant, random: Double) -> [Action] {
        switch state {
        case .starting:
            hasProcess = false
            wakesOnCall = false
            return [move(to: .blocked, text, now: now)]
        case .stopping:
            return afterStopping(now: now, random: random)
        case .running, .degraded, .disabled, .backingOff, .crashLooping, .stopped, .blocked:
            return []
        }
    }

    private mutating func healthOK(now: Instant) -> [Action] {
        guard state.acceptsCalls else { return [] }
        misses = 0
        guard state == .degraded else { return [] }
        if let impairment {
            reason = impairment
            return []
        }
        healthySince = now
        return [move(to: .running, "answers health checks again", now: now)]
    }

    private mutating func healthMissed(_ detail: String?, isBusy: Bool, now: Instant) -> [Action] {
        guard state.acceptsCalls else { return [] }
        let cause = detail.map { "does not answer (\($0)): " } ?? ""
        if isBusy { return degrade(cause + "answers no health check while it works on calls", now: now) }
        misses += 1
        let text = cause + "missed \(misses) health \(misses == 1 ? "check" : "checks") in a row"
        if misses >= policy.missesBeforeRestart, policy.autoRestart {
            endHealth(now: now)
            return stop(after: .retry, reason: text, now: now)
        }
        return degrade(text, now: now)
    }

    private mutating func degrade(_ text: String, now: Instant) -> [Action] {
        if state == .degraded {
            reason = text
            return []
        }
        endHealth(now: now)
        return [move(to: .degraded, text, now: now)]
    }

    private mutating func impaired(_ text: String?, now: Instant) -> [Action] {
        guard state.acceptsCalls, impairment != text else { return [] }
        impairment = text
        guard misses == 0 else { return [] }
        guard let text else {
            return state == .degraded ? [move(to: .running, "well again", now: now)] : []
        }
        if state == .degraded {
            reason = text
            return []
        }
        return [move(to: .degraded, text, now: now)]
    }

    // MARK: Consequences

    private mutating func failed(_ text: String, now: Instant, random: Double) -> [Action] {
        hasProcess = false
        endHealth(now: now)
        guard policy.autoRestart else {
            wakesOnCall = false
            return [move(to: .stopped, text, now: now)]
        }
        let isWithinBudget = budget.failed(now: now)
        let wait = isWithinBudget ? backoff.next(random: random) : budget.probeInterval
        let due = now.advanced(by: wait)
        let change = move(to: isWithinBudget ? .backingOff : .crashLooping, text, now: now)
        nextRetry = due
        return [change, .scheduleRetry(at: due)]
    }

    private mutating func afterStopping(now: Instant, random: Double) -> [Action] {
        hasProcess = false
        endHealth(now: now)
        switch afterStop {
        case .stay, .sleep:
            wakesOnCall = afterStop == .sleep
            return [move(to: .stopped, reason, now: now)]
        case .disable:
            wakesOnCall = false
            return [move(to: .disabled, Self.disabledReason, now: now)]
        case .start:
            return spawn(reason, now: now)
        case .retry:
            return failed(reason, now: now, random: random)
        }
    }

    private mutating func spawn(_ reason: String, now: Instant) -> [Action] {
        let cancel: [Action] = nextRetry == nil ? [] : [.cancelRetry]
        if hasStarted { restarts += 1 }
        hasStarted = true
        hasProcess = false
        endedByItself = false
        budget.recordStart(now: now)
        return cancel + [move(to: .starting, reason, now: now), .spawn]
    }

    /// Ends a stretch of health; a long one restores backoff and budget.
    private mutating func endHealth(now: Instant) {
        guard let start = healthySince else { return }
        healthySince = nil
        guard start.duration(to: now) >= budget.healthyAfter else { return }
        forgive()
    }

    private mutating func forgive() {
        backoff.reset()
        budget.clear()
    }

    private mutating func move(to next: State, _ reason: String, now: Instant) -> Action {
        let change = Change(from: state, to: next, at: now, reason: reason)
        state = next
        since = now
        self.reason = reason
        nextRetry = nil
        if !next.acceptsCalls {
            misses = 0
            impairment = nil
        }
        return .announce(change)
    }
}
