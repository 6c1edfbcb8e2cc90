"""What pipelines run to plan a pull request and to say so there; needs Python alone, and plan.sh envctl."""
