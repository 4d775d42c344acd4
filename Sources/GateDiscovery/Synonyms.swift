/// Groups of words that people use for one another when they speak of tools; one group a line.
enum Synonyms {
    static let text = """
        delete remove erase
        create make add
        edit modify update change
        retrieve fetch obtain
        search find lookup query
        list enumerate
        folder directory subfolder subdirectory
        tree hierarchy nested
        file document
        rename move
        send post
        picture image photo
        movie film
        song music track
        email mail
        message chat
        web internet online website
        page webpage
        url link
        buy purchase
        price cost
        stock share equity
        weather forecast
        map location place
        route directions navigation
        translate translation
        summarize summary
        repository repo
        issue ticket bug
        commit revision
        branch ref
        run execute
        start launch
        stop halt terminate
        calculate compute
        convert transform
        chart graph plot diagram
        picture draw
        meeting event appointment
        calendar schedule
        job career employment
        hotel accommodation lodging
        flight airline plane
        restaurant dining
        recipe cooking meal
        doctor physician
        medicine drug medication
        news headline article
        paper publication study
        academic scholarly
        crypto cryptocurrency bitcoin coin
        database db sql
        table schema
        video clip youtube
        speech voice audio
        screenshot capture
        time clock hour
        timezone zone
        user member person people
        company business firm organization
        law legal
        car vehicle auto
        phone telephone
        trending hot popular
        history log
        compare diff difference
        size large big
        copy duplicate
        download save
        upload attach
        note memo
        task todo
        book ebook
        game gaming
        sport sports
        travel trip vacation journey
        house home property estate
        shop shopping store product
        discount coupon deal
        learn education course lesson
        test quiz exam
        code program programming
        pdf document
        """

    /// Two words that together mean one that tools use; one phrase a line, the meaning last.
    static let phrases = """
        get rid delete
        throw away delete
        clear out delete
        take out remove
        look up search
        look for search
        find out search
        check out checkout
        set up create
        put together create
        come up create
        bring up open
        write down save
        fill in complete
        sign up register
        log in login
        sign in login
        log out logout
        back up backup
        turn into convert
        carry out run
        kick off start
        shut down stop
        turn off disable
        turn on enable
        add up sum
        work out calculate
        figure out analyze
        pull down download
        catch up news
        """
}
